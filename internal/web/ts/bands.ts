// What was planned, as it is drawn behind lanes: breaks, and the time without a shift.

import type { Paint } from "./paint";
import type { Span } from "./range";
import type { Shift } from "./segments";

/** drawBands draws the shifts of a stretch of time, in milliseconds, from y down to the end of the canvas; x gives the place of a moment in pixels of the device. */
export function drawBands(c: CanvasRenderingContext2D, paint: Paint, shifts: readonly Shift[], span: Span, x: (ms: number) => number, y = 0): void {
  const { width, height } = c.canvas;
  const band = (from: number, to: number, fill: string | CanvasPattern): void => {
    const [x0, x1] = [Math.max(0, x(Math.max(from, span.from))), Math.min(width, x(Math.min(to, span.to)))];
    if (x1 <= x0) return;
    c.fillStyle = fill;
    c.fillRect(x0, y, x1 - x0, height - y);
  };
  let at = span.from;
  for (const s of shifts) {
    band(at, s.from / 1000, paint.unscheduled);
    at = Math.max(at, s.to / 1000);
    for (const [from, to] of s.breaks ?? []) band(from / 1000, to / 1000, paint.break);
  }
  band(at, span.to, paint.unscheduled);
  c.fillStyle = paint.border;
  for (const s of shifts) for (const t of [s.from, s.to]) if (t / 1000 >= span.from && t / 1000 <= span.to) c.fillRect(x(t / 1000), y, 1, height - y);
}

/** planned says what was planned at a moment, in microseconds: a shift, its break, or nothing. */
export function planned(shifts: readonly Shift[], t: number): string {
  const shift = shifts.find((s) => s.from <= t && t < s.to);
  if (!shift) return "not scheduled";
  const isBreak = (shift.breaks ?? []).some(([from, to]) => from <= t && t < to);
  return `shift ${shift.name}${isBreak ? ", break" : ""}`;
}
