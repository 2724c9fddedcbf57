// The time axis that charts and lanes share: its marks, and the hatching of what is
// not known.

import { dayText, minuteText, secondText, zoneOffset } from "./clock";

const SECOND = 1000, MINUTE = 60_000, HOUR = 3_600_000, DAY = 86_400_000;

const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND), ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 4, 8, 12].map((n) => n * HOUR), ...[1, 2, 7, 14, 28, 56].map((n) => n * DAY),
];

/** How wide a mark of the time axis is, in pixels. */
const MARK = 60;

/** timeMarks gives round times of the plant's zone, as many as a width has room for. */
export function timeMarks(from: number, to: number, width: number): number[] {
  const most = Math.max(2, Math.floor(width / MARK));
  const step = STEPS.find((s) => (to - from) / s <= most) ?? 112 * DAY;
  const marks: number[] = [];
  const offset = zoneOffset(from);
  for (let clock = Math.ceil((from + offset) / step) * step; ; clock += step) {
    // Clocks may be changed in between.
    const t = clock - zoneOffset(clock - offset);
    if (t > to) return marks;
    if (t >= from && t > (marks.at(-1) ?? -Infinity)) marks.push(t);
  }
}

/** timeTicks puts the marks of a chart's time axis at round times. */
export function timeTicks(axis: { min: number; max: number; width: number; ticks: { value: number }[] }): void {
  axis.ticks = timeMarks(axis.min, axis.max, axis.width).map((value) => ({ value }));
}

/** timeMark gives a mark as text, as exactly as a stretch of time of a length needs it. */
export function timeMark(t: number, length: number): string {
  if (length < 5 * MINUTE) return secondText(t);
  if ((t + zoneOffset(t)) % DAY === 0 && length > 12 * HOUR) return dayText(t).slice(5);
  return minuteText(t);
}

/** hatch hatches a part of a canvas. */
export function hatch(ctx: CanvasRenderingContext2D, colour: string, left: number, top: number, right: number, bottom: number): void {
  if (right <= left) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, right - left, bottom - top);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.globalAlpha = 0.5;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let x = left - (bottom - top); x < right; x += 7) {
    ctx.moveTo(x, bottom);
    ctx.lineTo(x + bottom - top, top);
  }
  ctx.stroke();
  ctx.restore();
}
