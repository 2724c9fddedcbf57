// The shares of time in each state: the same as shares.go.

import { byId, fill } from "./dom";
import { durationText, exactText, percentText, UNKNOWN } from "./format";
import type { Shares, TimelineRow } from "./types";

const FAIR_COVERAGE = 0.9;
const STATES = ["running", "idle", "stopped", "setup", "alarm", "offline"];

interface Cell {
  column: string;
  text: string;
  title: string;
  doubtful: boolean;
}

/** sum adds the times of machines up: a share of several is sum over sum. */
function sum(list: readonly Shares[]): Shares {
  const all: Shares = { total: 0, states: {}, unknown: 0, coverage: 0 };
  for (const s of list) {
    all.total += s.total;
    all.unknown += s.unknown;
    all.coverage += s.coverage * s.total;
    for (const [state, t] of Object.entries(s.states)) all.states[state] = (all.states[state] ?? 0) + t;
  }
  if (all.total > 0) all.coverage /= all.total;
  return all;
}

/** cells are the cells of a row. */
function cells(s: Shares): Cell[] {
  const unlinked = s.states["no-link"] ?? 0;
  const missing = s.unknown + unlinked;
  const known = s.total - missing;
  const doubtful = s.coverage < FAIR_COVERAGE;
  const row: Cell[] = STATES.map((state) => {
    if (known <= 0) return { column: state, text: UNKNOWN, title: "", doubtful: false };
    const t = s.states[state] ?? 0;
    return {
      column: state, text: (doubtful ? "~" : "") + percentText(t / known), doubtful,
      title: `${state}-share: ${exactText(t)} of the ${exactText(known)} in which a state is known; coverage ${percentText(s.coverage)} (~ is below 90 %)`,
    };
  });
  const none = s.total <= 0;
  row.push({
    column: "unknown", text: none ? UNKNOWN : percentText(missing / s.total), doubtful: false,
    title: none ? "" : `unknown: ${exactText(missing)} of ${exactText(s.total)}, ${exactText(unlinked)} of it without a link`,
  });
  row.push({
    column: "coverage", text: none ? UNKNOWN : percentText(s.coverage), doubtful: !none && doubtful,
    title: none ? "" : `coverage: a state is known in ${exactText(known)} of ${exactText(s.total)}`,
  });
  return row;
}

/** drawCells writes the cells of a row of the table. */
function drawCells(row: ParentNode, s: Shares): void {
  for (const c of cells(s)) {
    const e = row.querySelector<HTMLElement>(`td[data-column="${c.column}"]`);
    if (!e) continue;
    if (e.textContent !== c.text) e.textContent = c.text;
    if (e.title !== c.title) e.title = c.title;
    e.toggleAttribute("data-doubtful", c.doubtful);
  }
}

/** drawTable writes the shares of all machines, of those that stand together, and of all that are shown; and the legend's times. */
export function drawTable(table: HTMLTableElement, rows: ReadonlyMap<string, TimelineRow>): void {
  const shown: Shares[] = [];
  for (const body of table.tBodies) {
    const together: Shares[] = [];
    for (const tr of body.querySelectorAll<HTMLTableRowElement>("tr[data-machine]")) {
      const row = rows.get(tr.dataset["machine"] ?? "");
      if (!row) continue;
      drawCells(tr, row.shares);
      if (!tr.hidden) together.push(row.shares);
    }
    const head = body.querySelector("tr.together");
    if (head && together.length > 0) drawCells(head, sum(together));
    shown.push(...together);
  }
  const all = sum(shown);
  if (table.tFoot) {
    drawCells(table.tFoot, all);
    fill(table.tFoot, "shown", String(shown.length));
  }
  byId("no-match").hidden = shown.length > 0;
  for (const e of document.querySelectorAll<HTMLElement>("#legend a[data-state]")) {
    fill(e, "total", durationText((all.states[e.dataset["state"] ?? ""] ?? 0) / 1000));
  }
}
