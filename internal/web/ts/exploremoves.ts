// How people move over the charts of explored signals: keys, the wheel and the
// pointer. The charts themselves hear what is dragged over them.

import type { Panel } from "./panel";
import { listenToButtons, listenToKeys, wheeled, type Zooms } from "./zoom";

/** STEP is by which part of the range the keys move the cursor. */
const STEP = 0.01;
/** CANVAS is where a chart is drawn. */
const CANVAS = ".canvas";

/** Moves is what is asked for. */
export interface Moves extends Zooms {
  panels(): readonly Panel[];
  /** The moment that is pointed at, and another one that shall be. */
  cursor(): number | undefined;
  point(t: number | undefined): void;
}

/** listenTo hears what is done on the place of the charts. */
export function listenTo(plots: HTMLElement, moves: Moves): void {
  /** true while the cursor is where keys have put it. */
  let chosen = false;
  const panelAt = (e: Event): Panel | undefined => {
    const box = (e.target as Element).closest(CANVAS);
    return moves.panels().find((p) => p.box === box);
  };
  plots.addEventListener("dblclick", () => moves.reset());
  plots.addEventListener("wheel", (e) => {
    const t = panelAt(e)?.timeAt(e.clientX);
    if (!e.ctrlKey || t === undefined) return; // Without Ctrl the wheel scrolls the page.
    e.preventDefault();
    moves.zoom(wheeled(moves.view(), e.deltaY, t));
  }, { passive: false });
  listenToKeys(plots, CANVAS, {
    view: moves.view, zoom: moves.zoom, reset: moves.reset,
    step(rows, along) {
      if (rows === 0 && !chosen) return false;
      const { from, to } = moves.view();
      const t = moves.cursor() ?? (from + to) / 2;
      moves.point(Math.min(to, Math.max(from, t + along * STEP * (to - from))));
      const boxes = moves.panels().map((p) => p.box);
      if (rows !== 0 && chosen) boxes[boxes.findIndex((box) => box === document.activeElement) + rows]?.focus();
      chosen = true;
      return true;
    },
    open: () => undefined,
    forget() {
      chosen = false;
      moves.point(undefined);
    },
  });
  listenToButtons(moves);
  for (const event of ["pointermove", "pointerdown"] as const) {
    plots.addEventListener(event, (e) => {
      const panel = panelAt(e);
      if (!panel) return;
      chosen = false;
      moves.point(panel.timeAt(e.clientX));
    });
  }
  plots.addEventListener("pointerleave", (e) => {
    if (e.pointerType === "mouse") moves.point(undefined);
  });
}
