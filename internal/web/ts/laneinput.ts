// How people move over the lanes: pointer, touch, wheel and keys. Every way has an
// alternative: what dragging does, keys, buttons and the text boxes of the range do
// too.

import type { Span } from "./range";
import { listenToButtons, listenToKeys, type Steps, wheeled } from "./zoom";

/** Moves is what a lane's input asks for, in CSS pixels and milliseconds. */
export interface Moves extends Steps {
  /** point is over a place; undefined where the pointer is away. */
  point(at: { x: number; y: number } | undefined): void;
  /** open goes to what is at a place, or to what is chosen by keys. */
  open(at?: { x: number; y: number }): void;
  time(x: number): number;
}

/** A drag is shorter than this many pixels where it is meant to be a click. */
const CLICK = 4;

/** listen hears what is done on the field; selection is drawn while a stretch is dragged over. */
export function listen(field: HTMLElement, selection: HTMLElement, moves: Moves): void {
  const fingers = new Map<number, number>();
  let drag: { x: number; view: Span; moved: boolean } | undefined;
  const place = (e: MouseEvent): { x: number; y: number } => {
    const box = field.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  };

  field.addEventListener("pointerdown", (e) => {
    if (e.button !== 0) return;
    fingers.set(e.pointerId, place(e).x);
    field.setPointerCapture(e.pointerId);
    drag = { x: place(e).x, view: moves.view(), moved: false };
  });
  field.addEventListener("pointermove", (e) => {
    const at = place(e);
    if (!drag || !fingers.has(e.pointerId)) {
      moves.point(at);
      return;
    }
    const before = [...fingers.values()];
    fingers.set(e.pointerId, at.x);
    if (fingers.size === 2) {
      const after = [...fingers.values()];
      pinch(before as [number, number], after as [number, number]);
      drag.moved = true;
      return;
    }
    if (Math.abs(at.x - drag.x) < CLICK && !drag.moved) return;
    drag.moved = true;
    moves.point(undefined);
    if (e.pointerType === "touch") {
      const width = field.clientWidth || 1;
      const by = (drag.view.to - drag.view.from) * (drag.x - at.x) / width;
      moves.zoom({ from: drag.view.from + by, to: drag.view.to + by });
      return;
    }
    const [left, right] = [Math.max(0, Math.min(drag.x, at.x)), Math.min(field.clientWidth, Math.max(drag.x, at.x))];
    selection.hidden = false;
    selection.style.left = `${left}px`;
    selection.style.width = `${right - left}px`;
  });
  const pinch = (before: [number, number], after: [number, number]): void => {
    const [a, b] = [moves.time(before[0]), moves.time(before[1])];
    const apart = after[1] - after[0];
    if (Math.abs(apart) < 8) return;
    // The instants under the fingers stay under them.
    const perPixel = (b - a) / apart;
    const from = a - after[0] * perPixel;
    if (perPixel > 0) moves.zoom({ from, to: from + field.clientWidth * perPixel });
  };
  const up = (e: PointerEvent): void => {
    const ended = fingers.delete(e.pointerId);
    if (!drag || !ended || fingers.size > 0) return;
    const { x, moved } = drag;
    const at = place(e);
    drag = undefined;
    selection.hidden = true;
    if (e.type === "pointercancel") return;
    if (!moved) {
      moves.point(at);
      if (e.detail !== 2 && e.pointerType !== "touch") moves.open(at);
      return;
    }
    if (e.pointerType === "touch" || Math.abs(at.x - x) < CLICK) return;
    const [left, right] = [Math.max(0, Math.min(x, at.x)), Math.min(field.clientWidth, Math.max(x, at.x))];
    moves.zoom({ from: moves.time(left), to: moves.time(right) });
  };
  field.addEventListener("pointerup", up);
  field.addEventListener("pointercancel", up);
  field.addEventListener("pointerleave", () => {
    if (!drag) moves.point(undefined);
  });
  field.addEventListener("wheel", (e) => {
    if (!e.ctrlKey) return; // Without Ctrl the wheel scrolls the page.
    e.preventDefault();
    moves.zoom(wheeled(moves.view(), e.deltaY, moves.time(place(e).x)));
  }, { passive: false });
  listenToKeys(field, "*", moves);
  listenToButtons(moves);
}
