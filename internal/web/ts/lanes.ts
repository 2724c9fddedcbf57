// The lanes of the floor, with the running shares beside them: all machines in one
// request, now and then.

import { asOf, now } from "./clock";
import { fill, slot } from "./dom";
import { drawLane, laneText, Sum } from "./lane";
import { read } from "./live";
import { keepReading } from "./periodic";
import type { Timeline } from "./types";

/** COLUMNS is how many stretches a strip can show apart. */
const COLUMNS = 120;

/** Lanes keeps the lanes of the cards up to date. */
export class Lanes {
  /** overview is the element that has the range and shows the sums. */
  constructor(private readonly overview: HTMLElement, private readonly card: (slug: string) => HTMLElement | undefined) {}

  start(): void {
    keepReading(() => this.load());
  }

  /** range gives what the strips show and what is asked for, which ends now. */
  private range(): { from: number; to: number; end: number } {
    const from = Date.parse(this.overview.dataset["from"] ?? ""), to = Date.parse(this.overview.dataset["to"] ?? "");
    if (this.overview.dataset["moves"] === undefined) return { from, to, end: Math.min(to, now()) };
    const end = now();
    return { from: end - (to - from), to: end, end };
  }

  private async load(): Promise<void> {
    const { from, to, end } = this.range();
    const columns = Math.max(1, Math.round((COLUMNS * (end - from)) / (to - from)));
    const query = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(end).toISOString(), columns: String(columns), ...asOf() });
    // Where it fails, the strips say by their end how old they are.
    this.draw(await read<Timeline>(`/api/v1/timeline?${query}`), from, to);
  }

  private draw(timeline: Timeline, from: number, to: number): void {
    const all = new Sum();
    const label = this.overview.querySelector("small")?.textContent ?? "";
    for (const row of timeline.rows) {
      all.add(row);
      const card = this.card(row.machine);
      const strip = card && slot(card, "lane");
      if (!card || !strip) continue;
      drawLane(strip, row, from, to);
      const text = laneText(row, label);
      if (strip.getAttribute("aria-label") !== text) strip.setAttribute("aria-label", text);
      const one = new Sum();
      one.add(row);
      show(card, one, "coverage ");
    }
    show(this.overview, all, "");
  }
}

/** show shows a share with its coverage, before which stands what names it. */
function show(root: HTMLElement, sum: Sum, name: string): void {
  fill(root, "share", sum.share);
  fill(root, "coverage", name + sum.coverage);
  for (const part of ["share", "coverage"]) {
    const e = slot(root, part);
    if (e && e.title !== sum.title) e.title = sum.title;
  }
}
