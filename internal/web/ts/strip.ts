// The strip below the charts: the whole range, with a window on the part that is
// shown, which can be moved and drawn anew.

import { colour, LEFT } from "./panel";
import type { Mark } from "./points";
import type { Span } from "./range";

/** HEIGHT is how high the strip is, in pixels. */
const HEIGHT = 44;
/** DRAG is over how many pixels a pointer is dragged at least to draw a window anew. */
const DRAG = 5;

/** Strip is the strip. */
export class Strip {
  private readonly canvas: HTMLCanvasElement;
  private base: Span = { from: 0, to: 1 };
  private span: Span = { from: 0, to: 1 };
  private right = 0;

  constructor(private readonly root: HTMLElement, private readonly window: HTMLElement, private readonly zoomed: (span: Span) => void) {
    this.canvas = root.querySelector("canvas") as HTMLCanvasElement;
    root.addEventListener("pointerdown", (e) => this.down(e));
  }

  /** draw draws the line of the whole range and the window on it. */
  draw(base: Span, span: Span, marks: readonly Mark[], right: number): void {
    Object.assign(this, { base, span, right });
    const ctx = this.canvas.getContext("2d");
    const width = this.root.clientWidth, density = devicePixelRatio;
    if (!ctx || width === 0) return;
    this.canvas.width = width * density;
    this.canvas.height = HEIGHT * density;
    ctx.scale(density, density);
    const known = marks.filter((m) => m.y !== null).map((m) => m.y as number);
    const low = Math.min(...known), high = Math.max(...known);
    ctx.strokeStyle = colour("--muted");
    ctx.lineWidth = 1;
    ctx.beginPath();
    let pen = false;
    for (const m of marks) {
      if (m.y === null) {
        pen = false;
        continue;
      }
      const y = HEIGHT - 5 - (high > low ? (m.y - low) / (high - low) : 0.5) * (HEIGHT - 10);
      if (pen) ctx.lineTo(this.x(m.x), y);
      else ctx.moveTo(this.x(m.x), y);
      pen = true;
    }
    ctx.stroke();
    const a = this.x(Math.max(span.from, base.from)), b = this.x(Math.min(span.to, base.to));
    this.window.style.transform = `translateX(${a}px)`;
    this.window.style.width = `${Math.max(6, b - a)}px`;
  }

  private x(t: number): number {
    return LEFT + (Math.max(t, this.base.from) - this.base.from) / (this.base.to - this.base.from) * (this.root.clientWidth - LEFT - this.right);
  }

  private timeAt(e: PointerEvent): number {
    const share = (e.clientX - this.root.getBoundingClientRect().left - LEFT) / (this.root.clientWidth - LEFT - this.right);
    return this.base.from + Math.min(1, Math.max(0, share)) * (this.base.to - this.base.from);
  }

  /** down begins to move the window, or to draw another one. */
  private down(down: PointerEvent): void {
    if (down.button !== 0) return;
    const begin = this.timeAt(down), then = this.span;
    const whole = then.from <= this.base.from && then.to >= this.base.to;
    const moves = !whole && begin >= then.from && begin <= then.to;
    this.root.setPointerCapture(down.pointerId);
    const move = (e: PointerEvent): void => {
      const t = this.timeAt(e);
      if (moves) this.zoomed({ from: then.from + t - begin, to: then.to + t - begin });
      else if (Math.abs(e.clientX - down.clientX) >= DRAG) this.zoomed({ from: Math.min(begin, t), to: Math.max(begin, t) });
    };
    this.root.addEventListener("pointermove", move);
    this.root.addEventListener("lostpointercapture", () => this.root.removeEventListener("pointermove", move), { once: true });
  }
}
