// A lane of an explored signal that is of texts, or a condition.

import { drawLines } from "./alarmmarks";
import { hatch, timeMark, timeMarks } from "./axis";
import { durationText } from "./format";
import { alarmHues, colour, LEFT, Panel } from "./panel";
import type { Span } from "./range";
import type { Segment, Signal } from "./signal";

/** HEIGHT and AXIS are how high the lane and its time axis are, in pixels. */
const HEIGHT = 34, AXIS = 18;
/** SHORT is how wide a stretch is drawn that matters, however short it was, in pixels. */
const SHORT = 2;
/** HUES is how many colours texts have. */
const HUES = 6;
/** DRAG is over how many pixels a pointer is dragged at least to zoom. */
const DRAG = 5;

/** Levels of a condition with their colours and those of the text on them; Normal is none. */
const LEVELS: Record<string, [fill: string, text: string]> = { Fault: ["--fill-alarm", "--on-alarm"], Warning: ["--fill-stopped", "--on-stopped"] };

/** Lane is one lane. */
export class Lane extends Panel {
  private readonly sizes = new ResizeObserver(() => this.paint());
  private readonly hues = new Map<string, number>();

  constructor(place: HTMLElement, private readonly signal: Signal, zoomed: (span: Span) => void) {
    super(place, [signal]);
    this.figure.classList.add("of-words");
    this.sizes.observe(this.box);
    this.box.addEventListener("pointerdown", (down) => {
      const begin = this.timeAt(down.clientX);
      if (begin === undefined || down.button !== 0 || down.pointerType === "touch") return;
      const drag = new AbortController();
      this.box.addEventListener("pointerup", (up) => {
        drag.abort();
        const end = this.timeAt(up.clientX);
        if (end !== undefined && Math.abs(up.clientX - down.clientX) >= DRAG) zoomed({ from: Math.min(begin, end), to: Math.max(begin, end) });
      }, { signal: drag.signal });
      this.box.addEventListener("pointercancel", () => drag.abort(), { signal: drag.signal });
      this.box.setPointerCapture(down.pointerId);
    });
  }

  override destroy(): void {
    this.sizes.disconnect();
    super.destroy();
  }

  protected paint(): void {
    const ctx = this.canvas.getContext("2d");
    const width = this.box.clientWidth, density = devicePixelRatio;
    if (!ctx || width === 0) return;
    this.canvas.width = width * density;
    this.canvas.height = (HEIGHT + AXIS) * density;
    ctx.scale(density, density);
    const { from, to } = this.view.span;
    const right = width - this.view.right;
    const x = (t: number): number => LEFT + (Math.min(Math.max(t, from), to) - from) / (to - from) * (right - LEFT);
    ctx.font = "12px system-ui, sans-serif";
    ctx.textBaseline = "middle";
    const until = Math.min(this.view.until(this.signal), to);
    for (const [a, b] of this.signal.gaps(this.view.span, until)) hatch(ctx, colour("--hatch"), x(a), 0, x(b), HEIGHT);
    // The grave ones come last, so that they are seen however short they were.
    const segments = this.signal.segments(until).filter((s) => s.value !== null && s.to > from && s.from < to);
    const read = new Set(this.signal.points.map(([, v]) => String(v)));
    for (const value of this.hues.keys()) if (!read.has(value)) this.hues.delete(value);
    const grave = (s: Segment): number => ["Warning", "Fault"].indexOf(this.signal.category === "CONDITION" ? s.value ?? "" : "");
    segments.sort((a, b) => grave(a) - grave(b) || a.from - b.from);
    for (const s of segments) this.drawSegment(ctx, s, x(s.from), x(s.to));
    ctx.fillStyle = colour("--muted");
    ctx.font = "11px system-ui, sans-serif";
    ctx.textAlign = "center";
    for (const t of timeMarks(from, to, right - LEFT)) ctx.fillText(timeMark(t, to - from), x(t), HEIGHT + AXIS / 2 + 1);
    // A condition shows its own alarms.
    if (this.signal.category !== "CONDITION") drawLines(ctx, this.spots(), 0, HEIGHT, alarmHues());
  }

  protected describe(): string {
    const { from, to } = this.view.span;
    const times = new Map<string, number>();
    for (const s of this.signal.segments(Math.min(this.view.until(this.signal), to))) {
      if (s.value !== null) times.set(s.value, (times.get(s.value) ?? 0) + Math.max(0, Math.min(s.to, to) - Math.max(s.from, from)));
    }
    const longest = [...times].sort((a, b) => b[1] - a[1]).slice(0, 5);
    return `${this.signal.name}: ${longest.map(([value, ms]) => `${value} ${durationText(ms)}`).join(", ") || "nothing known"}`;
  }

  private drawSegment(ctx: CanvasRenderingContext2D, s: Segment, a: number, b: number): void {
    const value = s.value ?? "";
    const level = this.signal.category === "CONDITION" ? LEVELS[value] : undefined;
    if (level) b = Math.max(b, a + SHORT);
    ctx.save();
    ctx.beginPath();
    ctx.rect(a, 0, b - a, HEIGHT);
    ctx.clip();
    if (level) {
      ctx.fillStyle = colour(level[0]);
      ctx.fillRect(a, 0, b - a, HEIGHT);
    } else {
      const isNormal = this.signal.category === "CONDITION";
      ctx.globalAlpha = isNormal ? 0.5 : 0.35;
      ctx.fillStyle = colour(isNormal ? "--edge" : `--series-${this.hue(value)}`);
      ctx.fillRect(a, isNormal ? HEIGHT * 0.3 : 0, b - a, isNormal ? HEIGHT * 0.4 : HEIGHT);
      ctx.globalAlpha = 1;
      if (b - a > 3) {
        ctx.fillStyle = colour("--card");
        ctx.fillRect(b - 1, 0, 1, HEIGHT);
      }
    }
    const text = value.trim() === "" ? "empty" : value;
    if (b - a > Math.min(24, ctx.measureText(text).width + 8)) {
      ctx.fillStyle = colour(level ? level[1] : "--body");
      ctx.textAlign = "left";
      ctx.fillText(text, a + 5, HEIGHT / 2 + 1);
    }
    ctx.restore();
  }

  /** hue gives a text its colour, the same as long as it is among what was read: of those with the fewest others. */
  private hue(value: string): number {
    const known = this.hues.get(value);
    if (known !== undefined) return known;
    const others = Array.from({ length: HUES }, (_, i) => [...this.hues.values()].filter((hue) => hue === i + 1).length);
    const hue = others.indexOf(Math.min(...others)) + 1;
    this.hues.set(value, hue);
    return hue;
  }
}
