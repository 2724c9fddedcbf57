// A data item that is explored: what was observed of it over the range that is
// shown.

import { now } from "./clock";
import { slot } from "./dom";
import { valueText } from "./format";
import { read } from "./live";
import { Line, type Mark } from "./points";
import type { Span } from "./range";
import type { Item, Point, Series, Statistics } from "./types";

/** HOLDS: a value of which nothing is heard for this part of the range is drawn as held. */
const HOLDS = 240;
/** PER_COLUMN is how many points the API keeps of a column of a series that it thins. */
const PER_COLUMN = 4;

/** Segment is a stretch of time in which a text held; null: not known. */
export interface Segment {
  from: number;
  to: number;
  value: string | null;
}

/** Band is what lies between the lowest and the highest number of a stretch of time. */
export interface Band {
  from: number;
  to: number;
  low: number;
  high: number;
}

/** Signal is one data item. */
export class Signal {
  readonly id: string;
  readonly machine: string;
  readonly label: string;
  readonly unit: string;
  readonly category: string;
  readonly line = new Line();
  /** What was observed, in order: a moment in milliseconds and a value, null where it became unknown. */
  points: [number, number | string | null][] = [];
  /** How many observations there are in the range that was read, and how many points were left of them. */
  observations = 0;
  kept = 0;
  /** What of the range could not be told; "" where all could. */
  problem = "";
  /** How long a column of the series that was read is, in milliseconds; 0 where nothing was left out. */
  column = 0;
  read: "loading" | "ready" | "failed" = "loading";
  private first = 0;
  private asked = 0;
  /** What has been observed since the points were asked for. */
  private fresh: Item[] = [];

  constructor(public row: HTMLElement) {
    this.id = row.dataset["item"] ?? "";
    this.machine = row.dataset["machine"] ?? "";
    this.unit = row.dataset["unit"] ?? "";
    this.category = row.dataset["category"] ?? "";
    this.line.factor = Number(row.dataset["factor"] ?? 1);
    this.label = slot(row, "label")?.textContent ?? "";
  }

  /** name tells the signal apart from all others. */
  get name(): string {
    const name = this.row.dataset["name"] ?? "";
    const isSaid = name.toLowerCase() === this.label.toLowerCase();
    return `${this.label}${isSaid ? "" : ` ${name}`}, ${slot(this.row, "machine")?.textContent ?? ""}`;
  }

  get hue(): string {
    return this.row.dataset["hue"] ?? "1";
  }

  get dash(): number {
    return Number(this.row.dataset["dash"] ?? 0);
  }

  /** isLane reports whether it is drawn as a lane: conditions, and what is of texts. */
  get isLane(): boolean {
    if (this.category === "CONDITION") return true;
    return this.points.some(([, v]) => v !== null) ? this.line.isText : this.category === "EVENT";
  }

  /** load reads what was observed over a range, thinned to so many points. */
  async load(span: Span, points: number): Promise<void> {
    const asked = ++this.asked;
    this.fresh = [];
    try {
      const series = await read<Series>(this.call(span, points));
      if (asked !== this.asked) return; // Another range has been asked for since.
      this.take(series, span, points);
      for (const item of this.fresh.splice(0)) this.append(item);
    } catch {
      if (asked === this.asked) this.read = "failed";
    }
  }

  /** call is what the API is asked for a range. */
  call(span: Span, points: number): string {
    const range = new URLSearchParams({ from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString(), points: String(points) });
    return `/api/v1/items/${this.id}/series?${range}`;
  }

  /** statistics reads what is to be said of a range. */
  statistics(span: Span): Promise<Statistics> {
    return read<Statistics>(this.statisticsCall(span));
  }

  /** statisticsCall is what the API is asked for the statistics of a range. */
  statisticsCall(span: Span): string {
    const range = new URLSearchParams({ from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() });
    return `/api/v1/items/${this.id}/statistics?${range}`;
  }

  private take(series: Series, span: Span, points: number): void {
    this.read = "ready";
    this.observations = series.observations;
    this.problem = series.problem ?? "";
    this.kept = series.points.length - (series.before ? 1 : 0);
    this.first = span.from;
    const columns = Math.max(1, Math.floor(points / PER_COLUMN));
    this.column = series.observations > this.kept ? Math.ceil((span.to - span.from) * 1000 / columns) / 1000 : 0;
    this.line.hold = (span.to - span.from) / HOLDS;
    this.line.load(series.points);
    this.points = series.points.map(([micros, v]: Point) => [micros / 1000, v]);
  }

  /** append adds what has just been observed, and reports whether it is new. */
  append(item: Item): boolean {
    const x = Date.parse(item.time ?? "");
    if (Number.isNaN(x)) return false;
    this.fresh.push(item);
    const last = this.points[this.points.length - 1];
    if (last && x <= last[0]) return false;
    const v = item.value ?? null;
    const value = v === null || typeof v === "number" ? v : valueText(v);
    this.points.push([x, value]);
    this.line.append(x, value);
    return true;
  }

  /** trim forgets what ended before a moment. */
  trim(from: number): void {
    this.line.trim(from);
    let n = 0;
    while (n + 1 < this.points.length && (this.points[n + 1]?.[0] ?? 0) < from) n++;
    if (n > 0) this.points.splice(0, n);
  }

  /** marks gives the points of the line, the last of which holds until a moment. */
  marks(until: number): Mark[] {
    const marks = [...this.line.marks];
    const last = marks[marks.length - 1];
    if (last && last.y !== null && until > last.x) marks.push({ ...last, x: until, held: true });
    return marks;
  }

  /** at gives what was known at a moment; undefined where that is nothing. */
  at(t: number, until: number): string | undefined {
    if (t > until) return undefined;
    let low = 0, high = this.points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.points[middle]?.[0] ?? 0) <= t) low = middle + 1;
      else high = middle;
    }
    const found = this.points[low - 1];
    if (!found) return undefined;
    return this.say(found[1]);
  }

  /** say gives a value as people read it. */
  say(v: number | string | null): string {
    if (v === null) return "Unavailable";
    return this.line.isText || this.category === "CONDITION" ? String(v) : this.line.say({ x: 0, y: Number(v) * this.line.factor });
  }

  /** segments gives the stretches of a lane, the last of which holds until a moment. */
  segments(until: number): Segment[] {
    const segments: Segment[] = [];
    for (const [x, v] of this.points) {
      const value = v === null ? null : String(v);
      const last = segments[segments.length - 1];
      if (last && last.value === value) continue;
      if (last) last.to = x;
      segments.push({ from: x, to: until, value });
    }
    return segments.filter((s) => s.to > s.from || s.from > until);
  }

  /** bands gives the extremes of each column where observations were left out. */
  bands(): Band[] {
    if (this.column === 0) return [];
    const bands: Band[] = [];
    for (const { x, y, held } of this.line.marks) {
      if (y === null || held || x < this.first) continue;
      const from = this.first + Math.floor((x - this.first) / this.column) * this.column;
      const last = bands[bands.length - 1];
      if (last && last.from === from) {
        last.low = Math.min(last.low, y);
        last.high = Math.max(last.high, y);
      } else {
        bands.push({ from, to: from + this.column, low: y, high: y });
      }
    }
    return bands.filter((b) => b.high > b.low);
  }

  /** gaps gives where nothing is known within a range: what is unknown, what is before the first and behind the last that was heard. */
  gaps(span: Span, until: number): [number, number][] {
    const end = Math.min(span.to, now());
    const gaps = this.line.gaps(Math.min(end, until)).map(([a, b]): [number, number] => [Math.max(a, span.from), b]);
    const first = this.line.marks[0];
    if (first === undefined || first.x > span.from) gaps.unshift([span.from, Math.min(first?.x ?? end, end)]);
    if (first !== undefined && end - until > 1000) gaps.push([Math.max(until, span.from), end]);
    return gaps.filter(([a, b]) => b > a);
  }
}
