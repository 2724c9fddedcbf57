// The states of machines over time, as the API's timeline gives them, and the few
// questions that are asked of them. Times are microseconds since 1970 UTC.

import { durationText, exactText, stateWord } from "./format";
import type { Segment, Timeline } from "./types";

export type { Segment, Timeline };

/** A shift, as it is drawn behind lanes. */
export interface Shift {
  name: string;
  from: number;
  to: number;
  breaks?: [number, number][];
}

/** Plan is the timeline as its page has it: with the shifts. */
export interface Plan extends Timeline {
  scheduled: boolean;
  shifts: Shift[];
}

/** The states from the least grave to the gravest: of several in one place, the gravest is seen. */
const gravity = ["running", "idle", "setup", "offline", "unknown", "no-link", "stopped", "alarm"];

/** graver gives the graver of two states. */
export function graver(a: string, b: string): string {
  return gravity.indexOf(b) > gravity.indexOf(a) ? b : a;
}

/** byGravity gives the states in the order in which they are drawn: what is graver lies on top. */
export function byGravity(): readonly string[] {
  return gravity;
}

/** firstAfter gives the place of the first segment that ends behind t. */
export function firstAfter(segments: readonly Segment[], t: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle] as Segment).to <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** extend puts newer segments, which begin at from, in the place of what was known from there on. */
export function extend(segments: readonly Segment[], newer: readonly Segment[], from: number): Segment[] {
  const first = newer[0];
  if (!first) return [...segments];
  const kept = segments.slice(0, firstAfter(segments, from));
  const cut = segments[kept.length];
  if (cut && cut.from < from) {
    const joins = cut.state === first.state && cut.rule === first.rule && (cut.count ?? 1) === 1;
    if (joins) return [...kept, { ...first, from: cut.from }, ...newer.slice(1)];
    kept.push({ ...cut, to: from, open: false });
  }
  return [...kept, ...newer];
}

/** wordOf is a segment's state for people, or why it is not known. */
export function wordOf(s: Segment): string {
  if (s.state !== "unknown") return stateWord(s.state);
  const reasons: Record<string, string> = { gap: "Gap", "no-data": "No data", restart: "Agent restart" };
  return reasons[s.reason ?? ""] ?? "Unknown";
}

/** mixText says what a segment that stands for several is made of, the longest first. */
export function mixText(s: Segment): string {
  return Object.entries(s.mix ?? {})
    .sort((a, b) => b[1] - a[1])
    .map(([state, t]) => `${state === "unknown" ? "Unknown" : stateWord(state)} ${t < 60e6 ? exactText(t) : durationText(t / 1000)}`)
    .join(" · ");
}
