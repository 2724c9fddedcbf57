// What is told of a place on a machine's lane: in a tip, in a sentence for screen
// readers, and in the table of all rows.

import { tell } from "./alarmmarks";
import { planned } from "./bands";
import { fullText, lasted, now, preciseText } from "./clock";
import { countText, exactText, partsText, ruleText } from "./format";
import { mixText, type Shift, wordOf } from "./segments";
import { type Hit, spelled, type Track } from "./track";

/** EACH is how many stretches of a row the table has, the newest of them. */
const EACH = 100;

interface Stretch {
  from: number;
  to: number;
  since?: number;
  until?: number;
  open?: boolean;
}

/** story tells of what is at a place: all of it, be it longer than what is shown, which begins at from. at is the moment; all times are microseconds. */
export function story({ state, value, alarms, track }: Hit, from: number, at: number): string[] {
  if (state) {
    const several = (state.count ?? 1) > 1;
    const word = several ? `${state.count} intervals, ${wordOf(state)} the gravest` : wordOf(state);
    return [word, ...when(several ? { from: state.from, to: state.to } : state, from), mixText(state), state.rule ? ruleText(state.rule) : "", state.detail ?? ""].filter(Boolean);
  }
  if (value) {
    const reasons: Record<string, string> = { gap: "Not known: a gap", restart: "Not known: the agent restarted" };
    const word = value.value === null ? reasons[value.reason ?? ""] ?? "Unavailable" : value.count > 1 ? `${value.count} values, each too short to be seen` : value.value;
    return [`${track.name}: ${spelled(track, word)}`, ...when(value, from)];
  }
  if (alarms) return tell(alarms);
  if (track.parts) {
    const made = track.parts.made.findLast(([t]) => t <= at)?.[1] ?? 0;
    return [`${partsText(made, track.parts.target)} at ${fullText(at / 1000)}`];
  }
  return [];
}

/** when says from when to when something was, and for how long: all of it, be it longer than what is shown, which begins at from. */
function when(s: Stretch, from: number): string[] {
  const begin = s.since || s.from;
  return lasted({ from: begin, to: s.until || s.to, open: s.open }, begin < from ? `, since before ${preciseText(from / 1000)}` : "");
}

/** withPlan adds to a story what was planned at the moment, where anybody says when shifts are. */
export function withPlan(lines: string[], shifts: readonly Shift[] | undefined, at: number): string[] {
  return shifts && lines.length > 0 ? [...lines, `Planned: ${planned(shifts, at)}`] : lines;
}

/** stretches gives what a row is made of. */
export function stretches(track: Track): readonly Stretch[] {
  return track.states ?? track.values ?? track.alarms ?? [];
}

/** hitOf gives a stretch of a row, by its number. */
export function hitOf(track: Track, i: number): Hit {
  const state = track.states?.[i], value = track.values?.[i], alarm = track.alarms?.[i];
  return { track, ...(state && { state }), ...(value && { value }), ...(alarm && { alarms: [alarm] }) };
}

/** tableOf gives the rows as a table; what it leaves out is said in its caption. */
export function tableOf(tracks: readonly Track[], shifts: readonly Shift[] | undefined): HTMLTableElement {
  const t = document.createElement("table");
  t.className = "records";
  const head = t.createTHead().insertRow();
  for (const name of ["Track", "From", "Until", "Length", "What"]) {
    const th = document.createElement("th");
    th.scope = "col";
    th.textContent = name;
    head.append(th);
  }
  const body = t.createTBody();
  const add = (...cells: string[]): void => {
    const row = body.insertRow();
    for (const text of cells) row.insertCell().textContent = text;
  };
  let left = 0;
  for (const track of tracks) {
    const list = stretches(track), first = Math.max(0, list.length - EACH);
    left += first;
    list.slice(first).forEach((s, i) => {
      const what = track.alarms ? `${track.alarms[first + i]?.level}: ${track.alarms[first + i]?.text}` : story(hitOf(track, first + i), 0, s.from)[0] ?? "";
      add(track.name, preciseText(s.from / 1000), s.open ? "lasts" : preciseText(s.to / 1000), exactText((s.open ? now() * 1000 : s.to) - s.from), what);
    });
  }
  for (const s of shifts ?? []) {
    add("Shifts", preciseText(s.from / 1000), preciseText(s.to / 1000), exactText(s.to - s.from), `Shift ${s.name}`);
    for (const [from, to] of s.breaks ?? []) add("Shifts", preciseText(from / 1000), preciseText(to / 1000), exactText(to - from), "Break");
  }
  if (left > 0) t.createCaption().textContent = `The newest ${EACH} of each row; ${countText(left)} older are left out.`;
  return t;
}
