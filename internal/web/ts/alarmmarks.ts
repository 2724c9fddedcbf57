// The alarms of a machine as they are marked on its lane and on every chart: read for
// a range, put together where their marks would lie on each other, drawn and told of.

import { lasted, now, preciseText } from "./clock";
import { countText, exactText, wordText } from "./format";
import { read } from "./live";
import type { Span } from "./range";
import { atThen } from "./travel";
import type { Alarm } from "./types";

/** MOST is how many alarms of a machine are read for a range, the newest of them. */
const MOST = 500;
/** SPOT is how near to each other marks are put together, in pixels. */
const SPOT = 6;
/** TOLD is how many alarms of a spot are told of one by one. */
const TOLD = 5;
/** SIZE is half as wide as a mark is, in pixels. */
const SIZE = 5;

/** AlarmMark is an activation, from when it was raised to when it was cleared. Times are microseconds. */
export interface AlarmMark {
  from: number;
  to: number;
  open: boolean;
  level: "Fault" | "Warning";
  text: string;
  machine: string;
  href: string;
}

/** Alarms are those of a machine in a range, the oldest first. */
export interface Alarms {
  marks: AlarmMark[];
  /** How many there are besides, all of them older. */
  left: number;
  /** What of them could not be told; undefined where all could. */
  problem: string | undefined;
}

/** Spot is alarms whose marks stand in one place, in pixels; it is marked as the gravest of them. */
export interface Spot {
  x: number;
  level: "Fault" | "Warning";
  marks: AlarmMark[];
}

/** readAlarms reads the alarms of a machine in a range. */
export async function readAlarms(machine: string, span: Span): Promise<Alarms> {
  const query = new URLSearchParams({ machine, from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString(), limit: String(MOST) });
  const list = await read<{ items: Alarm[]; total: number; problem?: string }>(`/api/v1/alarms?${query}`);
  const marks = list.items.filter((a) => a.machine === machine).map((a): AlarmMark => ({
    from: Date.parse(a.raised) * 1000, to: (a.cleared ? Date.parse(a.cleared) : now()) * 1000, open: !a.cleared,
    level: a.level === "Fault" ? "Fault" : "Warning", machine,
    text: [a.nativeCode, a.text || wordText(a.type)].filter(Boolean).join(" "), href: atThen(`/alarms/${encodeURIComponent(a.id)}`),
  }));
  marks.sort((a, b) => a.from - b.from);
  return { marks, left: Math.max(0, list.total - list.items.length), problem: list.problem };
}

/** readAlarmsOf reads the alarms of several machines, the oldest first; said is what of them is not marked. */
export async function readAlarmsOf(machines: readonly string[], span: Span): Promise<{ marks: AlarmMark[]; said: string[] }> {
  const found = await Promise.allSettled(machines.map((machine) => readAlarms(machine, span)));
  const said: string[] = [];
  const marks = found.flatMap((answer, i) => {
    if (answer.status === "rejected") {
      said.push(`The alarms of ${machines[i]} could not be read: they are not marked.`);
      return [];
    }
    const { marks, left, problem } = answer.value;
    if (left > 0) said.push(`${machines[i]}: ${leftText(left)}`);
    if (problem) said.push(`${machines[i]}: not all alarms could be told: ${problem}.`);
    return marks;
  });
  return { marks: marks.sort((a, b) => a.from - b.from), said };
}

/** leftText says what is not marked; it is empty where all is. */
export function leftText(left: number): string {
  return left > 0 ? `The newest ${countText(MOST)} alarms of this range are marked; ${countText(left)} older ${left === 1 ? "one is" : "ones are"} not.` : "";
}

/** spots puts marks together that would lie on each other. x gives the place of a moment in milliseconds; what was raised before the range is left out, since it has no mark there. */
export function spots(marks: readonly AlarmMark[], span: Span, x: (t: number) => number): Spot[] {
  const list: Spot[] = [];
  for (const mark of marks) {
    const t = mark.from / 1000;
    if (t < span.from || t > span.to) continue;
    const at = x(t), last = list[list.length - 1];
    if (last && at - last.x < SPOT) {
      last.marks.push(mark);
      if (mark.level === "Fault") last.level = "Fault";
    } else {
      list.push({ x: at, level: mark.level, marks: [mark] });
    }
  }
  return list;
}

/** spotAt gives the spot at a place, if there is one. */
export function spotAt(list: readonly Spot[], x: number): Spot | undefined {
  return list.reduce<Spot | undefined>((best, s) => (Math.abs(s.x - x) <= SPOT && (!best || Math.abs(s.x - x) < Math.abs(best.x - x)) ? s : best), undefined);
}

/** gravestFirst gives alarms with the faults before the warnings. */
export function gravestFirst(marks: readonly AlarmMark[]): AlarmMark[] {
  return [...marks].sort((a, b) => Number(b.level === "Fault") - Number(a.level === "Fault"));
}

/** tell says what stands in one place, the gravest first, a line for each. */
export function tell(marks: readonly AlarmMark[]): string[] {
  const lines = gravestFirst(marks).slice(0, TOLD).map((a) => `${a.level}: ${a.text}, ${lasted(a).join(", ")}`);
  if (marks.length > TOLD) lines.push(`and ${countText(marks.length - TOLD)} more here`);
  return lines;
}

/** drawHead draws the mark of a spot with its point down at y, in pixels of the canvas; how many there are stands beside it. */
export function drawHead(c: CanvasRenderingContext2D, spot: Spot, y: number, colour: string, ratio = 1): void {
  const size = SIZE * ratio;
  c.save();
  c.setLineDash([]);
  c.fillStyle = c.strokeStyle = colour;
  c.lineWidth = 1.2 * ratio;
  c.beginPath();
  c.moveTo(spot.x - size, y - size * 1.4);
  c.lineTo(spot.x + size, y - size * 1.4);
  c.lineTo(spot.x, y);
  c.closePath();
  if (spot.level === "Fault") c.fill();
  else c.stroke();
  if (spot.marks.length > 1) {
    c.font = `600 ${10 * ratio}px system-ui, sans-serif`;
    c.textAlign = "left";
    c.textBaseline = "middle";
    c.fillText(countText(spot.marks.length), spot.x + size + 2 * ratio, y - size * 0.7);
  }
  c.restore();
}

/** drawLines draws the spots of a chart over its height: a line each, dashed for a warning, with the mark on top. */
export function drawLines(c: CanvasRenderingContext2D, list: readonly Spot[], top: number, bottom: number, hues: { Fault: string; Warning: string; mark: string }): void {
  c.save();
  // Faults lie over warnings.
  for (const spot of [...list].sort((a, b) => Number(a.level === "Fault") - Number(b.level === "Fault"))) {
    c.strokeStyle = hues[spot.level];
    c.lineWidth = spot.level === "Fault" ? 2 : 1;
    c.setLineDash(spot.level === "Fault" ? [] : [3, 2]);
    // On whole pixels lines are sharp.
    const x = spot.level === "Fault" ? Math.round(spot.x) : Math.floor(spot.x) + 0.5;
    c.beginPath();
    c.moveTo(x, top);
    c.lineTo(x, bottom);
    c.stroke();
    drawHead(c, spot, top + SIZE * 1.4, hues.mark);
  }
  c.restore();
}

/** alarmTable gives the alarms of a chart as a table, the newest first; nothing where there are none. */
export function alarmTable(marks: readonly AlarmMark[], span: Span): HTMLTableElement | undefined {
  const seen = marks.filter((a) => a.from / 1000 <= span.to && (a.open || a.to / 1000 >= span.from));
  if (seen.length === 0) return undefined;
  const t = document.createElement("table");
  t.className = "alarms-marked";
  t.createCaption().textContent = `Alarms: ${countText(seen.length)}`;
  for (const a of [...seen].reverse()) {
    const row = t.insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = preciseText(a.from / 1000);
    row.append(head);
    const link = document.createElement("a");
    link.href = a.href;
    link.textContent = `${a.level}: ${a.text}`;
    row.insertCell().append(link);
    row.insertCell().textContent = a.open ? "lasts" : exactText(a.to - a.from);
  }
  return t;
}
