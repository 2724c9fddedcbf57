// The links that lead from explored signals elsewhere: the same as CSV and JSON, every
// observation, and what the API is asked.

import { byId, slot } from "./dom";
import type { Span } from "./range";
import type { Signal } from "./signal";

/** drawLinks makes the links those of a range, which is shown with so many points for each signal. */
export function drawLinks(signals: readonly Signal[], layout: string, range: Span, points: number): void {
  const span = `from=${new Date(range.from).toISOString()}&to=${new Date(range.to).toISOString()}`;
  const ids = signals.map((s) => s.id).join(",");
  for (const [id, form] of [["shown-csv", "csv"], ["shown-json", "json"]] as const) {
    byId<HTMLAnchorElement>(id).href = `/explore.${form}?items=${ids}&layout=${layout}&${span}`;
  }
  const calls: string[] = [];
  for (const signal of signals) {
    calls.push(signal.call(range, points), signal.statisticsCall(range));
    const [raw, call] = [slot(signal.row, "raw"), slot(signal.row, "call")] as (HTMLAnchorElement | null)[];
    if (raw) raw.href = `/api/v1/items/${signal.id}/observations.csv?${span}`;
    if (call) call.href = signal.call(range, points);
  }
  byId("calls").replaceChildren(...calls.map((address) => {
    const li = document.createElement("li");
    const code = document.createElement("code");
    code.textContent = `GET ${decodeURIComponent(address)}`;
    li.append(code);
    return li;
  }));
}
