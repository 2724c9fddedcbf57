// The table of statistics of the signals that are explored.

import { countedText, countText, durationText, measureText, UNKNOWN } from "./format";
import type { Signal } from "./signal";
import type { Statistics } from "./types";

/** VALUES is how many texts of a signal are named; the time of the others is told together. */
const VALUES = 6;
/** COLUMNS is how many columns the numbers take, which texts have for themselves. */
const COLUMNS = 8;

/** statisticsRow makes the row of a signal; undefined: it could not be read. */
export function statisticsRow(signal: Signal, s: Statistics | undefined): HTMLElement {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = `${signal.name}${signal.unit ? ` (${signal.unit})` : ""}`;
  row.append(head);
  const cell = (text: string, span = 1): void => {
    const e = row.insertCell();
    e.className = span > 1 ? "wide" : "num";
    e.colSpan = span;
    e.textContent = text;
  };
  if (!s) {
    cell("not available now", COLUMNS + 2);
    return row;
  }
  cell(countText(s.observations));
  const n = s.numbers;
  if (n && !signal.isLane) {
    const about = n.exactPercentiles ? "" : "~";
    const say = (v: number | null, mark = ""): void => cell(v === null ? UNKNOWN : mark + measureText(v * signal.line.factor));
    say(n.min);
    say(rounded(n.meanOverTime));
    say(rounded(n.mean));
    for (const p of [n.p5, n.p50, n.p95]) say(p, about);
    say(n.max);
    say(rounded(n.standardDeviation));
  } else {
    const total = s.knownSeconds + s.unknownSeconds;
    const share = (seconds: number): string => `${durationText(seconds * 1000)} (${percent(seconds / total)})`;
    const values = (s.values ?? []).slice(0, VALUES).map((v) => `${v.value || "empty"} ${share(v.seconds)}`);
    const rest = (s.otherSeconds ?? 0) + (s.values ?? []).slice(VALUES).reduce((sum, v) => sum + v.seconds, 0);
    if (rest > 0) values.push(`others ${share(rest)}`);
    cell(`${values.join(" · ") || UNKNOWN}${s.changes === undefined ? "" : ` — ${countedText(s.changes, "change")}`}`, COLUMNS);
  }
  cell(percent(s.coverage));
  const last = row.lastElementChild as HTMLElement;
  const unknown = s.unknownSeconds > 0 ? `unknown for ${durationText(s.unknownSeconds * 1000)}` : "";
  last.title = [unknown, s.problem && `not all could be told: ${s.problem}`].filter(Boolean).join("; ");
  return row;
}

/** rounded leaves of a number what can be read: what was worked out has digits without end. */
function rounded(v: number | null): number | null {
  return v === null ? null : Number(v.toPrecision(5));
}

/** percent never says all or nothing where that is not so. */
function percent(share: number): string {
  const text = (100 * share).toFixed(1);
  if (share < 1 && text === "100.0") return "99.9 %";
  if (share > 0 && text === "0.0") return "<0.1 %";
  return `${text.replace(/\.0$/, "")} %`;
}
