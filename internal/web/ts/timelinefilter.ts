// What of the timeline is shown: the machines that a filter leaves, and the states
// that the legend does not hide. Both stand in the address.

import { byId } from "./dom";
import { keep } from "./range";

/** Shown is told of changes. */
export interface Shown {
  /** rows: other machines are shown. */
  rows(): void;
  /** states: other states are hidden. */
  states(hidden: ReadonlySet<string>): void;
}

/** hiddenStates gives the states that the address hides. */
export function hiddenStates(): Set<string> {
  return new Set((new URLSearchParams(location.search).get("hide") ?? "").split(",").filter(Boolean));
}

/** listenToFilters hears what is typed into the filter and pressed in the legend. */
export function listenToFilters(table: HTMLTableElement, shown: Shown): void {
  const query = byId<HTMLInputElement>("q");
  query.addEventListener("input", () => {
    put("q", query.value.trim());
    filter(table, query.value);
    shown.rows();
  });
  byId<HTMLFormElement>("filter").addEventListener("submit", (e) => e.preventDefault());
  const legend = byId("legend");
  legend.addEventListener("click", (e) => {
    const a = (e.target as Element).closest<HTMLAnchorElement>("a[data-state]");
    if (!a || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    const hidden = hiddenStates();
    const state = a.dataset["state"] ?? "";
    if (!hidden.delete(state)) hidden.add(state);
    a.setAttribute("aria-pressed", String(!hidden.has(state)));
    put("hide", [...hidden].join(","));
    shown.states(hidden);
  });
  legend.addEventListener("keydown", (e) => {
    if (e.key !== " ") return;
    e.preventDefault();
    (e.target as HTMLElement).click();
  });
}

/** filter hides the machines that do not have each word in what names them: the same as isAskedFor in timeline.go. */
function filter(table: HTMLTableElement, query: string): void {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  for (const body of table.tBodies) {
    let any = false;
    for (const tr of body.querySelectorAll<HTMLTableRowElement>("tr[data-machine]")) {
      const text = tr.dataset["words"] ?? "";
      tr.hidden = !words.every((w) => text.includes(w));
      any ||= !tr.hidden;
    }
    body.hidden = !any;
  }
}

/** put writes a parameter of the address; an empty one is taken out. */
function put(name: string, value: string): void {
  const address = new URL(location.href);
  if (value) address.searchParams.set(name, value);
  else address.searchParams.delete(name);
  history.replaceState(null, "", address);
  keep(name, value);
}
