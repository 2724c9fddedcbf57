// The canvas of the timeline: states of machines as lanes, one above the other.
// Everything is drawn in the pixels of the device, so that edges are sharp. Only
// what is on the screen, and as much again, is drawn: the canvas goes along when
// the page is scrolled.

import { timeMark, timeMarks } from "./axis";
import { drawBands } from "./bands";
import { type Paint, paints } from "./paint";
import type { Span } from "./range";
import { byGravity, firstAfter, graver, type Shift } from "./segments";
import type { Segment } from "./types";

/** Lane is a machine's lane, with its place on the page in CSS pixels from the top of the table. */
export interface Lane {
  machine: string;
  segments: readonly Segment[];
  top: number;
  height: number;
}

/** A tick is as wide as this at least, in CSS pixels: what is shorter is still seen. */
const TICK = 2;
const AXIS_HEIGHT = 40;
/** How far a mark stays from the end of the axis, beside which there are other words, in pixels. */
const EDGE = 8;

export class LaneField {
  lanes: readonly Lane[] = [];
  shifts: readonly Shift[] = [];
  scheduled = false;
  /** States that are not drawn. */
  hidden: ReadonlySet<string> = new Set();
  /** What is shown, in milliseconds. */
  view: Span = { from: 0, to: 1 };
  /** Names and shares stand above their lanes, and not beside them. */
  stacked = false;
  /** Nothing is drawn behind now, in milliseconds. */
  now = 0;
  private paint: Paint;
  private width = 0;
  private height = 0;
  /** What of the table is drawn, in CSS pixels from its top. */
  private drawn = { top: 0, bottom: 0 };
  private planned = 0;

  constructor(private readonly field: HTMLElement, private readonly canvas: HTMLCanvasElement, private readonly axis: HTMLCanvasElement) {
    this.paint = paints();
    document.documentElement.addEventListener("theme", () => {
      this.paint = paints();
      this.plan();
    });
    window.addEventListener("scroll", () => this.scrolled(), { passive: true });
  }

  /** place tells where the lanes are: as wide as this and as high, in CSS pixels. */
  place(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.plan();
  }

  /** plan draws before the next frame; several plans are one drawing. */
  plan(): void {
    if (this.planned) return;
    this.planned = requestAnimationFrame(() => {
      this.planned = 0;
      this.draw();
    });
  }

  /** x gives the place of an instant in CSS pixels. */
  x(ms: number): number {
    return ((ms - this.view.from) / (this.view.to - this.view.from)) * this.width;
  }

  /** time gives the instant at a place. */
  time(x: number): number {
    return this.view.from + (x / this.width) * (this.view.to - this.view.from);
  }

  /** at gives what is drawn at a place: the gravest of the segments that share a tick. */
  at(x: number, y: number): { lane: Lane; segment: Segment | undefined } | undefined {
    const lane = this.lanes.find((l) => y >= l.top && y < l.top + l.height);
    if (!lane) return undefined;
    const t = this.time(x) * 1000;
    const reach = (TICK / this.width) * (this.view.to - this.view.from) * 1000;
    let found: Segment | undefined;
    for (let i = firstAfter(lane.segments, t - reach); i < lane.segments.length; i++) {
      const s = lane.segments[i] as Segment;
      if (s.from > t + reach / 2) break;
      if (this.hidden.has(s.state)) continue;
      const covers = s.from <= t && t < s.to;
      const isTick = s.to - s.from < reach && s.from <= t && t < s.from + reach;
      if ((covers || isTick) && (!found || graver(found.state, s.state) !== found.state || (!isTick && found.to - found.from >= reach))) found = s;
    }
    return { lane, segment: found };
  }

  private scrolled(): void {
    const { top, bottom } = this.visible();
    if (top < this.drawn.top || bottom > this.drawn.bottom) this.plan();
  }

  /** visible is the part of the table that is on the screen, in CSS pixels from its top. */
  private visible(): { top: number; bottom: number } {
    const above = -this.field.getBoundingClientRect().top;
    const clamp = (y: number): number => Math.max(0, Math.min(this.height, y));
    return { top: clamp(above), bottom: clamp(above + window.innerHeight) };
  }

  private draw(): void {
    if (this.width <= 0 || document.hidden) return;
    const began = performance.now();
    const ratio = window.devicePixelRatio || 1;
    const { top, bottom } = this.visible();
    const spare = window.innerHeight / 4;
    this.drawn = { top: Math.max(0, top - spare), bottom: Math.min(this.height, bottom + spare) };
    const height = this.drawn.bottom - this.drawn.top;
    const c = context(this.canvas, this.width, height, ratio);
    this.canvas.style.transform = `translateY(${this.drawn.top}px)`;
    if (c) {
      c.save();
      if (this.stacked) this.clip(c, ratio);
      this.bands(c, ratio);
      this.states(c, ratio);
      this.nowLine(c, ratio);
      c.restore();
    }
    this.drawAxis(ratio);
    this.canvas.dataset["took"] = (performance.now() - began).toFixed(2);
  }

  /** clip leaves what is drawn to the lanes, where something else stands between them. */
  private clip(c: CanvasRenderingContext2D, ratio: number): void {
    c.beginPath();
    for (const l of this.lanes) c.rect(0, Math.round((l.top - this.drawn.top) * ratio), c.canvas.width, Math.round(l.height * ratio));
    c.clip();
  }

  /** bands draws what is planned, behind the lanes: breaks, and the time without a shift. */
  private bands(c: CanvasRenderingContext2D, ratio: number): void {
    const px = (ms: number): number => Math.round(this.x(ms) * ratio);
    c.fillStyle = this.paint.grid;
    for (const t of timeMarks(this.view.from, this.view.to, this.width)) c.fillRect(px(t), 0, 1, c.canvas.height);
    if (!this.scheduled) return;
    drawBands(c, this.paint, this.shifts, this.view, px);
  }

  /** states draws the lanes, each state in one go, the gravest last. */
  private states(c: CanvasRenderingContext2D, ratio: number): void {
    const rects = new Map<string, number[]>(byGravity().map((s) => [s, []]));
    const ticks = new Map<string, number[]>(byGravity().map((s) => [s, []]));
    const lost: { x: number; y: number; width: number; text: string }[] = [];
    for (const lane of this.lanes) {
      if (lane.top + lane.height < this.drawn.top || lane.top > this.drawn.bottom) continue;
      const y = Math.round((lane.top - this.drawn.top + 5) * ratio);
      const h = Math.round((lane.height - 10) * ratio);
      this.lane(lane.segments, ratio, (state, x, width, isTick, s) => {
        const list = (isTick ? ticks : rects).get(state) ?? [];
        const last = list.length - 5;
        // Ticks of a state side by side are one rectangle: there may be tens of thousands.
        if (isTick && list[last + 1] === y && (list[last] ?? 0) + (list[last + 2] ?? 0) === x) list[last + 2] = (list[last + 2] ?? 0) + width;
        else list.push(x, y, width, h, s.reason === "no-data" ? 1 : 0);
        if (s.detail && s.state === "unknown") lost.push({ x, y, width, text: s.detail });
      });
    }
    for (const state of byGravity()) this.paint.fill(c, state, rects.get(state) ?? [], ratio, false);
    for (const state of byGravity()) this.paint.fill(c, state, ticks.get(state) ?? [], ratio, true);
    for (const l of lost) this.paint.lost(c, l.x, l.y, l.width, l.text, ratio);
  }

  /** lane gives what of a lane is drawn, in pixels of the device: segments, and ticks for those too short, of which the gravest in a place stands for all. */
  private lane(segments: readonly Segment[], ratio: number, out: (state: string, x: number, width: number, isTick: boolean, s: Segment) => void): void {
    const scale = (this.width * ratio) / ((this.view.to - this.view.from) * 1000);
    const from = this.view.from * 1000;
    const end = Math.min(this.view.to, this.now) * 1000;
    const tick = Math.round(TICK * ratio);
    let column = -1;
    let kept: Segment | undefined;
    const flush = (): void => {
      if (kept) out(kept.state, column * tick, tick, true, kept);
      kept = undefined;
    };
    for (let i = firstAfter(segments, from); i < segments.length; i++) {
      const s = segments[i] as Segment;
      if (s.from >= end) break;
      if (this.hidden.has(s.state)) continue;
      const x0 = (Math.max(s.from, from) - from) * scale;
      // One that lasts goes on until now, though it was told of a moment ago.
      const x1 = ((s.open ? end : Math.min(s.to, end)) - from) * scale;
      if (x1 - x0 >= tick) {
        out(s.state, Math.round(x0), Math.round(x1) - Math.round(x0), false, s);
        continue;
      }
      const place = Math.floor(x0 / tick);
      if (place !== column) {
        flush();
        column = place;
      }
      if (!kept || graver(kept.state, s.state) !== kept.state) kept = s;
    }
    flush();
  }

  private nowLine(c: CanvasRenderingContext2D, ratio: number): void {
    if (this.now < this.view.from || this.now > this.view.to) return;
    c.fillStyle = this.paint.body;
    c.fillRect(Math.round(this.x(this.now) * ratio), 0, Math.max(1, Math.round(ratio)), c.canvas.height);
  }

  private drawAxis(ratio: number): void {
    const c = context(this.axis, this.width, AXIS_HEIGHT, ratio);
    if (!c) return;
    const px = (ms: number): number => this.x(ms) * ratio;
    const { width, height } = c.canvas;
    c.font = `${12 * ratio}px ${this.paint.font}`;
    c.textBaseline = "middle";
    for (const t of timeMarks(this.view.from, this.view.to, this.width)) {
      const x = Math.round(px(t));
      c.fillStyle = this.paint.muted;
      c.fillRect(x, height - 5 * ratio, 1, 5 * ratio);
      const text = timeMark(t, this.view.to - this.view.from);
      const half = c.measureText(text).width / 2;
      c.fillText(text, Math.min(Math.max(x - half, 0), width - 2 * half - EDGE * ratio), height - 13 * ratio);
    }
    for (const s of this.scheduled ? this.shifts : []) {
      const [x0, x1] = [Math.max(0, px(s.from / 1000)), Math.min(width, px(s.to / 1000))];
      const length = c.measureText(s.name).width;
      c.fillStyle = this.paint.muted;
      if (x1 - x0 > length + 8 * ratio) c.fillText(s.name, x0 + 4 * ratio, 9 * ratio);
      c.fillRect(Math.round(px(s.from / 1000)), 0, 1, 18 * ratio);
    }
    const x = px(this.now);
    if (x >= 0 && x <= width) {
      c.fillStyle = this.paint.body;
      c.fillRect(Math.round(x), height - 8 * ratio, Math.max(1, Math.round(ratio)), 8 * ratio);
    }
  }
}

/** context makes a canvas as large as it is, in pixels of the device, and empty. */
function context(canvas: HTMLCanvasElement, width: number, height: number, ratio: number): CanvasRenderingContext2D | null {
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  canvas.style.width = `${w / ratio}px`;
  canvas.style.height = `${h / ratio}px`;
  const c = canvas.getContext("2d");
  c?.clearRect(0, 0, w, h);
  return c;
}
