// The way through time. The server draws it and it works without this; the moment
// that a page is asked for stays with all that it leads to, and what was chosen on the
// page since it was drawn stays with another moment.

import { closeOutside } from "./dom";

/** openTravel puts the focus where a moment is typed. */
export function openTravel(): void {
  const details = document.getElementById("travel") as HTMLDetailsElement | null;
  if (details) details.open = true;
  document.querySelector<HTMLInputElement>(".move input[name=at]")?.focus();
}

/** atThen gives an address of the site at the moment of the past that this page is asked for. */
export function atThen(href: string): string {
  const at = new URLSearchParams(location.search).get("at");
  const address = new URL(href, location.href);
  if (at && !address.searchParams.has("at")) address.searchParams.set("at", at);
  return address.pathname + address.search + address.hash;
}

/** TIMES are the parameters that say of which time a page is: they stay as they were drawn. */
const TIMES = new Set(["at", "range", "from", "to", "of", "zoom", "why"]);

/** upToDate gives the parameters of a link or a form as it was drawn, with what is chosen on the page at present. */
function upToDate(drawn: Iterable<[string, FormDataEntryValue]>): URLSearchParams {
  const times = [...drawn].filter(([name]) => TIMES.has(name)).map(([name, value]): [string, string] => [name, String(value)]);
  const chosen = [...new URLSearchParams(location.search)].filter(([name]) => !TIMES.has(name));
  return new URLSearchParams([...chosen, ...times]);
}

/** startTravel has the way through time lead to what is shown at present, and lets the control in the bar close as others do. */
export function startTravel(): void {
  for (const a of document.querySelectorAll<HTMLAnchorElement>("#then a[data-moment]")) {
    a.addEventListener("click", () => {
      a.search = upToDate(new URL(a.href).searchParams).toString();
    });
  }
  for (const form of document.querySelectorAll<HTMLFormElement>("form.move")) {
    form.addEventListener("formdata", ({ formData }) => {
      const fields = upToDate(formData);
      for (const name of new Set(formData.keys())) formData.delete(name);
      for (const [name, value] of fields) formData.append(name, value);
    });
  }
  const details = document.getElementById("travel") as HTMLDetailsElement | null;
  if (details) closeOutside(details);
}
