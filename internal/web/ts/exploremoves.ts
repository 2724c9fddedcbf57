// How people move over the charts of explored signals: keys and the pointer. The
// charts themselves hear what is dragged over them and the wheel.

import type { Panel } from "./panel";
import type { Span } from "./range";

/** STEP is by which part of the range the keys move the cursor. */
const STEP = 0.01;

/** Moves is what is asked for. */
export interface Moves {
  view(): Span;
  panels(): readonly Panel[];
  /** The moment that is pointed at, and another one that shall be. */
  cursor(): number | undefined;
  point(t: number | undefined): void;
  /** move goes left or right, in or out, or back to all: reset. */
  move(how: string): void;
}

/** listenTo hears what is done on the place of the charts. */
export function listenTo(plots: HTMLElement, moves: Moves): void {
  plots.addEventListener("dblclick", () => moves.move("reset"));
  plots.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || !(e.target as Element).closest(".canvas")) return;
    const { from, to } = moves.view();
    const side = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    const how = { ArrowLeft: "left", ArrowRight: "right", "+": "in", "=": "in", "-": "out", "0": "reset" }[e.key];
    if (side && e.shiftKey) moves.point(Math.min(to, Math.max(from, (moves.cursor() ?? (from + to) / 2) + side * STEP * (to - from))));
    else if (e.key === "Escape") moves.point(undefined);
    else if (how) moves.move(how);
    else return;
    e.preventDefault();
  });
  for (const event of ["pointermove", "pointerdown"] as const) {
    plots.addEventListener(event, (e) => {
      const box = (e.target as Element).closest(".canvas");
      const panel = moves.panels().find((p) => p.box === box);
      if (panel) moves.point(panel.timeAt(e.clientX));
    });
  }
  plots.addEventListener("pointerleave", (e) => {
    if (e.pointerType === "mouse") moves.point(undefined);
  });
}
