// A lane: what a machine did over a range of time, as a strip. It is drawn as one
// path for each state, so that its colours are those of the theme, its patterns
// are there in print, and a strip costs a handful of elements whatever happened.

import { durationText, percentText, stateWord } from "./format";
import type { TimelineRow } from "./types";

const SVG = "http://www.w3.org/2000/svg";

/** WIDTH and HEIGHT are the strip's own measure, as the template has them. */
const WIDTH = 120;
const HEIGHT = 12;
/** A stretch is never narrower than this, so that a short alarm is seen. */
const LEAST = 0.8;

/** From which height each state is filled, in the order in which they are drawn: what is grave last, over what would hide it. */
const tops: Record<string, number> = { "no-link": 9, idle: 5, offline: 0, running: 0, setup: 0, stopped: 0, alarm: 0 };

/** drawLane draws a row into its strip; from and to are milliseconds. */
export function drawLane(strip: Element, row: TimelineRow, from: number, to: number): void {
  const scale = WIDTH / (1000 * (to - from));
  const paths: Record<string, string> = {};
  for (const s of row.segments) {
    const top = tops[s.state];
    if (top === undefined) continue; // Not known: nothing is drawn.
    const x = Math.max(0, (s.from - 1000 * from) * scale);
    const width = Math.max(LEAST, Math.min(WIDTH - x, (s.to - s.from) * scale));
    paths[s.state] = `${paths[s.state] ?? ""}M${x.toFixed(2)} ${top}h${width.toFixed(2)}V${HEIGHT}h${(-width).toFixed(2)}z`;
  }
  const wanted = Object.keys(tops).filter((state) => paths[state]);
  while (strip.children.length > wanted.length) strip.lastElementChild?.remove();
  wanted.forEach((state, i) => {
    const path = strip.children[i] ?? strip.appendChild(document.createElementNS(SVG, "path"));
    change(path, "data-state", state);
    change(path, "d", paths[state] ?? "");
  });
}

function change(e: Element, name: string, value: string): void {
  if (e.getAttribute(name) !== value) e.setAttribute(name, value);
}

/** laneText says in words what a strip shows. */
export function laneText(row: TimelineRow, label: string): string {
  const { total, states, unknown } = row.shares;
  if (row.problem) return `${label}: ${row.problem}`;
  const parts = Object.entries(states).filter(([, time]) => time > 0).sort((a, b) => b[1] - a[1])
    .map(([state, time]) => `${stateWord(state)} ${durationText(time / 1000)}`);
  if (unknown > 0) parts.push(`not known ${durationText(unknown / 1000)}`);
  return `${label}, ${durationText(total / 1000)}: ${parts.join(", ") || "nothing"}`;
}

/** Sum adds up the times of several rows, for a share of them all. */
export class Sum {
  private running = 0;
  private known = 0;
  private total = 0;

  add(row: TimelineRow): void {
    this.running += row.shares.states["running"] ?? 0;
    this.known += row.shares.total * row.shares.coverage;
    this.total += row.shares.total;
  }

  /** Running, of the time of which the state is known; marked where much is not. */
  get share(): string {
    return this.known > 0 ? (this.coverageNumber < DOUBTFUL ? "~" : "") + percentText(this.running / this.known) : "—";
  }

  get coverage(): string {
    return this.total > 0 ? percentText(this.coverageNumber) : "—";
  }

  /** What the share is made of. */
  get title(): string {
    return `Running share (calendar): ${durationText(this.running / 1000)} running of ${durationText(this.known / 1000)} of which the state is known; ${durationText((this.total - this.known) / 1000)} is not known. Figure running-share.`;
  }

  private get coverageNumber(): number {
    return this.known / this.total;
  }
}

/** A share of which less is known than this is marked as doubtful. */
const DOUBTFUL = 0.9;
