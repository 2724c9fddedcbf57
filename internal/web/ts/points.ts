// The points of a line: what was observed, and where nothing is known.

import { measureText } from "./format";
import type { Point } from "./types";

/** LABELS is how many different texts a line of texts may have. */
const LABELS = 16;

/** Mark is a point as it is drawn. */
export interface Mark {
  x: number;
  /** null where the value became unknown. */
  y: number | null;
  /** The text as it came, for what is not a number. */
  text?: string;
  /** true where no observation stands behind it: the value held until here. */
  held?: boolean;
}

/** Line keeps the points of one data item in order of time. */
export class Line {
  readonly marks: Mark[] = [];
  /** The texts of a line that is not of numbers; their places are its values. */
  readonly labels: string[] = [];
  /** true where there are more texts than a line can show. */
  crowded = false;
  /** Agents tell of changes only: what is not told of for this long, in milliseconds, has stayed as it was. */
  hold = Infinity;
  /** What numbers are multiplied by to be shown. */
  factor = 1;
  private textual = false;

  /** isText reports whether the line is of texts and not of numbers. */
  get isText(): boolean {
    return this.textual;
  }

  /** load puts the points of a series in the place of all that was there. */
  load(points: readonly Point[]): void {
    this.marks.length = 0;
    this.labels.length = 0;
    this.crowded = false;
    this.textual = points.some(([, v]) => typeof v === "string" && !isNumber(v));
    for (const [micros, v] of points) this.append(micros / 1000, v);
  }

  /** append adds an observation; one that is not newer than the last is left out. */
  append(x: number, v: unknown): boolean {
    const last = this.marks[this.marks.length - 1];
    if (last && (last.held ? x < last.x : x <= last.x)) return false;
    if (v === null || v === undefined) {
      if (last && last.y === null) return false;
      // The value held until it became unknown.
      if (last) this.marks.push({ ...last, x, held: true });
      this.marks.push({ x, y: null });
      return true;
    }
    if (typeof v === "string" && !isNumber(v) && !this.textual) {
      this.textual = true;
      this.relabel();
    }
    if (last && last.y !== null && x - last.x > this.hold) this.marks.push({ ...last, x, held: true });
    const text = typeof v === "string" ? v : undefined;
    const y = this.textual ? this.place(String(v)) : Number(v) * this.factor;
    this.marks.push(text === undefined ? { x, y } : { x, y, text });
    return true;
  }

  /** trim forgets what ended before a moment, but for the last point before it. */
  trim(from: number): void {
    let n = 0;
    while (n + 1 < this.marks.length && (this.marks[n + 1] as Mark).x < from) n++;
    if (n > 0) this.marks.splice(0, n);
  }

  /** extremes gives the lowest and the highest value; the lowest is above the highest where there is none. */
  extremes(): { lowest: number; highest: number } {
    let lowest = Infinity, highest = -Infinity;
    for (const { y } of this.marks) {
      if (y === null) continue;
      lowest = Math.min(lowest, y);
      highest = Math.max(highest, y);
    }
    return { lowest, highest };
  }

  /** gaps gives the stretches in which the value is not known, up to a moment. */
  gaps(end: number): [number, number][] {
    const gaps: [number, number][] = [];
    this.marks.forEach((m, i) => {
      if (m.y === null) gaps.push([m.x, this.marks[i + 1]?.x ?? end]);
    });
    return gaps;
  }

  /** say gives the value of a mark as text. */
  say(m: Mark): string {
    if (m.y === null) return "Unavailable";
    if (this.textual) return this.labels[m.y] ?? "";
    return m.text ?? measureText(m.y);
  }

  private relabel(): void {
    for (const m of this.marks) if (m.y !== null) m.y = this.place(m.text ?? String(m.y));
  }

  private place(text: string): number {
    const i = this.labels.indexOf(text);
    if (i >= 0) return i;
    if (this.labels.length >= LABELS) {
      this.crowded = true;
      return LABELS - 1;
    }
    return this.labels.push(text) - 1;
  }
}

function isNumber(s: string): boolean {
  return s.trim() !== "" && Number.isFinite(Number(s));
}
