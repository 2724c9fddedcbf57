// The tracks of one machine, one above the other on one axis of time: what it did,
// its paths, programs, tools, modes, cycles, alarms and parts. Times are
// milliseconds where they are drawn and microseconds where the API told them.

import { type AlarmMark, drawHead, gravestFirst, spotAt, spots } from "./alarmmarks";
import { timeMark, timeMarks } from "./axis";
import { drawBands } from "./bands";
import { wordText } from "./format";
import { type Paint, paints } from "./paint";
import type { Span } from "./range";
import { byGravity, firstAfter, graver, type Segment, type Shift } from "./segments";

/** Value is a stretch of time with one text, as the API's lane has it. */
export interface Value {
  from: number;
  to: number;
  since: number;
  until: number;
  open?: boolean;
  value: string | null;
  reason?: string;
  count: number;
}

/** Parts is what was made since the begin of the range. */
export interface Parts {
  made: [number, number][];
  target: number | null;
  marks: { time: string; kind: string; reason?: string }[];
}

/** Track is a row; its name stands beside it. */
export interface Track {
  id: string;
  name: string;
  height: number;
  states?: Segment[];
  values?: Value[];
  alarms?: AlarmMark[];
  parts?: Parts;
}

/** Hit is what is at a place. */
export interface Hit {
  track: Track;
  state?: Segment;
  value?: Value;
  /** The gravest first. */
  alarms?: AlarmMark[];
}

export const AXIS = 26;
/** What is shorter than this is still seen, in CSS pixels. */
const TICK = 2;
const PAD = 4;

export class Tracks {
  tracks: Track[] = [];
  view: Span = { from: 0, to: 1 };
  /** Nothing is drawn behind this: up to here the machine was heard. */
  end = 0;
  /** What the whole range is, for the line of the target. */
  whole: Span = { from: 0, to: 1 };
  /** The shifts behind the rows; undefined where nobody says when shifts are. They are told of a stretch of time. */
  shifts: readonly Shift[] | undefined;
  told: Span = { from: 0, to: 0 };
  /** What is drawn strongly: a cycle that was picked. */
  picked: Span | undefined;
  private paint: Paint = paints();
  private planned = 0;

  constructor(private readonly canvas: HTMLCanvasElement) {
    document.documentElement.addEventListener("theme", () => {
      this.paint = paints();
      this.plan();
    });
    new ResizeObserver(() => this.plan()).observe(canvas.parentElement as Element);
  }

  get width(): number {
    return this.canvas.parentElement?.clientWidth ?? 1;
  }

  get height(): number {
    return AXIS + this.tracks.reduce((sum, t) => sum + t.height, 0);
  }

  x(ms: number): number {
    return ((ms - this.view.from) / (this.view.to - this.view.from)) * this.width;
  }

  time(x: number): number {
    return this.view.from + (x / this.width) * (this.view.to - this.view.from);
  }

  /** plan draws before the next frame. */
  plan(): void {
    if (this.planned) return;
    this.planned = requestAnimationFrame(() => {
      this.planned = 0;
      if (!document.hidden) this.draw();
    });
  }

  /** at gives what is drawn at a place, in CSS pixels. */
  at(x: number, y: number): Hit | undefined {
    let top = AXIS;
    const t = this.time(x) * 1000;
    const reach = (TICK / this.width) * (this.view.to - this.view.from) * 1000;
    for (const track of this.tracks) {
      if (y < top || y >= top + track.height) {
        top += track.height;
        continue;
      }
      const near = (s: { from: number; to: number; open?: boolean }): boolean => s.from - reach <= t && (t < s.to + reach || Boolean(s.open));
      const inside = (s: { from: number; to: number; open?: boolean }): boolean => s.from <= t && (t < s.to || Boolean(s.open));
      const pick = <T extends { from: number; to: number }>(list: readonly T[] | undefined): T | undefined =>
        list?.findLast(inside) ?? list?.findLast(near);
      const short = track.states?.filter((s) => s.to - s.from < reach && near(s)).reduce<Segment | undefined>((a, b) => (a && graver(a.state, b.state) === a.state ? a : b), undefined);
      const state = short ?? pick(track.states), value = pick(track.values);
      const alarms = track.alarms && gravestFirst(spotAt(this.spots(track.alarms), x)?.marks ?? track.alarms.filter(inside));
      return { track, ...(state && { state }), ...(value && { value }), ...(alarms?.length && { alarms }) };
    }
    return undefined;
  }

  private spots(alarms: readonly AlarmMark[]): ReturnType<typeof spots> {
    return spots(alarms, { from: this.view.from, to: Math.min(this.view.to, this.end) }, (t) => this.x(t));
  }

  private draw(): void {
    const began = performance.now();
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.max(1, Math.round(this.width * ratio)), Math.round(this.height * ratio)];
    if (this.canvas.width !== w) this.canvas.width = w;
    if (this.canvas.height !== h) this.canvas.height = h;
    this.canvas.style.height = `${h / ratio}px`;
    const c = this.canvas.getContext("2d");
    if (!c) return;
    c.clearRect(0, 0, w, h);
    if (this.shifts) {
      const span = { from: Math.max(this.told.from, this.view.from), to: Math.min(this.told.to, this.view.to) };
      drawBands(c, this.paint, this.shifts, span, (ms) => Math.round(this.x(ms) * ratio), AXIS * ratio);
    }
    this.axis(c, ratio);
    let top = AXIS;
    for (const t of this.tracks) {
      const y = Math.round((top + PAD) * ratio), height = Math.round((t.height - 2 * PAD) * ratio);
      if (t.states) this.states(c, t.states, y, height, ratio);
      if (t.values) this.values(c, t, t.values, y, height, ratio);
      if (t.alarms) this.alarms(c, t.alarms, y, height, ratio);
      if (t.parts) this.parts(c, t.parts, y, height, ratio);
      top += t.height;
    }
    if (this.picked) {
      c.strokeStyle = this.paint.body;
      c.lineWidth = 1.5 * ratio;
      const [a, b] = [this.x(this.picked.from) * ratio, this.x(this.picked.to) * ratio];
      c.strokeRect(Math.round(a), AXIS * ratio + 1, Math.max(2, Math.round(b - a)), h - AXIS * ratio - 2);
    }
    this.canvas.dataset["took"] = (performance.now() - began).toFixed(2);
  }

  private axis(c: CanvasRenderingContext2D, ratio: number): void {
    const { width, height } = c.canvas;
    c.font = `${12 * ratio}px ${this.paint.font}`;
    c.textBaseline = "middle";
    const { from, to } = this.view;
    for (const t of timeMarks(from, to, this.width)) {
      const x = Math.round(this.x(t) * ratio), text = timeMark(t, to - from);
      c.fillStyle = this.paint.grid;
      c.fillRect(x, AXIS * ratio, 1, height);
      c.fillStyle = this.paint.muted;
      const half = c.measureText(text).width / 2;
      c.fillText(text, Math.min(Math.max(x - half, 0), width - 2 * half), (AXIS * ratio) / 2);
    }
    const x = this.x(this.end);
    if (x >= 0 && x <= this.width) {
      c.fillStyle = this.paint.body;
      c.fillRect(Math.round(x * ratio), (AXIS - 6) * ratio, Math.max(1, Math.round(ratio)), height);
    }
  }

  /** place gives where a stretch of time is drawn, in pixels of the device; undefined where it is not. */
  private place(s: { from: number; to: number; open?: boolean }, ratio: number): [number, number] | undefined {
    const from = s.from / 1000, to = s.open ? Math.max(this.end, s.to / 1000) : s.to / 1000;
    if (to < this.view.from || from > this.view.to || from > this.end) return undefined;
    const a = Math.round(Math.max(0, this.x(from)) * ratio), b = Math.round(Math.min(this.width, this.x(Math.min(to, Math.max(this.end, from)))) * ratio);
    return [a, b - a];
  }

  private states(c: CanvasRenderingContext2D, segments: readonly Segment[], y: number, h: number, ratio: number): void {
    const rects = new Map<string, number[]>(), ticks = new Map<string, number[]>();
    const lost: [number, number, string][] = [];
    for (let i = firstAfter(segments, this.view.from * 1000 - 1); i < segments.length; i++) {
      const s = segments[i] as Segment;
      if (s.from > this.view.to * 1000) break;
      const at = this.place(s, ratio);
      if (!at) continue;
      const isTick = at[1] < TICK * ratio;
      const map = isTick ? ticks : rects;
      const list = map.get(s.state) ?? [];
      map.set(s.state, list);
      list.push(at[0], y, Math.max(at[1], TICK * ratio), h, s.reason === "no-data" ? 1 : 0);
      if (s.state === "unknown" && s.detail) lost.push([at[0], at[1], s.detail]);
    }
    for (const state of byGravity()) this.paint.fill(c, state, rects.get(state) ?? [], ratio, false);
    for (const state of byGravity()) this.paint.fill(c, state, ticks.get(state) ?? [], ratio, true);
    for (const [x, width, text] of lost) this.paint.lost(c, x, y, width, text, ratio);
  }

  private values(c: CanvasRenderingContext2D, track: Track, values: readonly Value[], y: number, h: number, ratio: number): void {
    c.font = `${11 * ratio}px ${this.paint.font}`;
    c.textBaseline = "middle";
    for (const v of values) {
      const at = this.place(v, ratio);
      if (!at) continue;
      const [x, width] = [at[0], Math.max(at[1], TICK * ratio)];
      if (v.value === null) {
        this.paint.fill(c, "unknown", [x, y, width, h, 0], ratio, false);
        continue;
      }
      c.fillStyle = this.paint.grid;
      c.fillRect(x, y, width, h);
      c.fillStyle = this.paint.border;
      c.fillRect(x, y, Math.max(1, Math.round(ratio)), h);
      const text = v.count > 1 && v.value === "" ? `${v.count} values` : spelled(track, v.value);
      c.fillStyle = this.paint.body;
      const room = width - 8 * ratio;
      if (room > 8 * ratio) c.fillText(fitted(c, text, room), x + 5 * ratio, y + h / 2 + 0.5);
    }
  }

  private alarms(c: CanvasRenderingContext2D, alarms: readonly AlarmMark[], y: number, h: number, ratio: number): void {
    const bars: Record<string, number[]> = { stopped: [], alarm: [] };
    for (const a of alarms) {
      const at = this.place(a, ratio);
      if (at) bars[a.level === "Fault" ? "alarm" : "stopped"]?.push(at[0], y + Math.round(h * 0.55), Math.max(at[1], TICK * ratio), Math.round(h * 0.45), 0);
    }
    // Faults lie over warnings.
    for (const [state, rects] of Object.entries(bars)) this.paint.fill(c, state, rects, ratio, true);
    for (const spot of this.spots(alarms)) drawHead(c, { ...spot, x: spot.x * ratio }, y + 7 * ratio, this.paint.body, ratio);
  }

  private parts(c: CanvasRenderingContext2D, p: Parts, y: number, h: number, ratio: number): void {
    const made = p.made.map(([t, n]) => [t / 1000, n] as const);
    const most = Math.max(1, p.target ?? 0, made[made.length - 1]?.[1] ?? 0);
    const up = (n: number): number => y + h - (n / most) * h;
    c.lineWidth = 1 * ratio;
    if (p.target !== null) {
      c.strokeStyle = this.paint.muted;
      c.setLineDash([4 * ratio, 3 * ratio]);
      c.beginPath();
      c.moveTo(this.x(this.whole.from) * ratio, up(0));
      c.lineTo(this.x(this.whole.to) * ratio, up(p.target));
      c.stroke();
      c.setLineDash([]);
    }
    c.strokeStyle = this.paint.body;
    c.lineWidth = 1.5 * ratio;
    c.beginPath();
    c.moveTo(Math.max(0, this.x(this.whole.from)) * ratio, up(0));
    let before = 0;
    for (const [t, n] of made) {
      c.lineTo(this.x(t) * ratio, up(before));
      c.lineTo(this.x(t) * ratio, up(n));
      before = n;
    }
    c.lineTo(Math.min(this.x(this.end), this.width) * ratio, up(before));
    c.stroke();
    c.fillStyle = this.paint.body;
    c.font = `${11 * ratio}px ${this.paint.font}`;
    const words: Record<string, string> = { reset: "reset", glitch: "jump", unknown: "?" };
    for (const m of p.marks) {
      const x = this.x(Date.parse(m.time)) * ratio;
      if (x < 0 || x > c.canvas.width) continue;
      c.fillRect(Math.round(x), y, Math.max(1, Math.round(ratio)), h);
      c.fillText(words[m.kind] ?? m.kind, x + 3 * ratio, y + 6 * ratio);
    }
  }
}

/** spelled gives a value as all pages spell it: modes and executions are words of the standard, AUTOMATIC, and what else there is are the machine's own. */
export function spelled(track: Track, value: string): string {
  return track.id === "mode" || track.id === "execution" ? wordText(value) : value;
}

/** fitted cuts a text to a width. */
function fitted(c: CanvasRenderingContext2D, text: string, width: number): string {
  if (c.measureText(text).width <= width) return text;
  let n = Math.max(0, Math.floor((text.length * width) / Math.max(1, c.measureText(text).width)) - 1);
  while (n > 0 && c.measureText(`${text.slice(0, n)}…`).width > width) n--;
  // A letter or two say nothing.
  return n >= 4 ? `${text.slice(0, n)}…` : "";
}
