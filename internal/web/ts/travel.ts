// The way through time. The server draws it and it works without this; the moment
// that a page is asked for stays with all that it leads to.

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

/** startTravel lets the control in the bar close as others do. */
export function startTravel(): void {
  const details = document.getElementById("travel") as HTMLDetailsElement | null;
  if (!details) return;
  details.addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary")?.focus();
  });
  document.addEventListener("click", (e) => {
    if (details.open && !details.contains(e.target as Node)) details.open = false;
  });
}
