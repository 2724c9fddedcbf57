// How people zoom and move over time: the same buttons, the same keys and the same
// limits wherever there is a time axis.

import { now } from "./clock";
import { range, type Span } from "./range";

/** How much a step zooms, and which part of the view a step moves. */
const ZOOM = 1.6;
const PAN = 0.25;
/** The shortest that can be shown, in milliseconds. */
const SHORTEST_MS = 1000;
/** Which part of a view is not behind the present, at least: the present stays in sight. */
const PRESENT = 0.1;

/** Zooms is what buttons and keys ask for. */
export interface Zooms {
  view(): Span;
  /** zoom shows another stretch of time. */
  zoom(to: Span): void;
  /** reset shows the whole range. */
  reset(): void;
}

/** Steps is what keys ask for besides. */
export interface Steps extends Zooms {
  /** step chooses another row, or what lies beside along the row; false where nothing is chosen to step from. */
  step(rows: number, along: number): boolean;
  /** open goes to what is chosen. */
  open(): void;
  /** forget drops what is chosen. */
  forget(): void;
}

/** scaled is a stretch of time made shorter or longer about an instant. */
function scaled(span: Span, by: number, about: number): Span {
  return { from: about - (about - span.from) * by, to: about + (span.to - about) * by };
}

/** wheeled is a stretch of time as a turn of the wheel makes it, about the instant under the pointer. */
export function wheeled(span: Span, delta: number, about: number): Span {
  return scaled(span, delta > 0 ? ZOOM : 1 / ZOOM, about);
}

/** bounded gives the nearest stretch of time that can be shown: neither too short nor longer than longest, and not of what is still to come alone. */
export function bounded({ from, to }: Span, longest: number): Span {
  const length = Math.max(SHORTEST_MS, Math.min(longest, to - from));
  const begin = Math.max(0, Math.min((from + to - length) / 2, last() - length * PRESENT));
  return { from: Math.round(begin), to: Math.round(begin + length) };
}

/** last is up to when there is something to show. */
function last(): number {
  return Math.max(range().to, now());
}

type Move = "in" | "out" | "earlier" | "later" | "reset";

function move(zooms: Zooms, how: Move): void {
  const view = zooms.view(), middle = (view.from + view.to) / 2, part = PAN * (view.to - view.from);
  switch (how) {
    case "in":
      return zooms.zoom(scaled(view, 1 / ZOOM, middle));
    case "out": {
      const wide = scaled(view, ZOOM, middle);
      // More is seen of the past, rather than of what is still to come.
      const over = Math.max(0, wide.to - Math.max(view.to, last()));
      return zooms.zoom({ from: wide.from - over, to: wide.to - over });
    }
    case "earlier":
      return zooms.zoom({ from: view.from - part, to: view.to - part });
    case "later":
      return zooms.zoom({ from: view.from + part, to: view.to + part });
    case "reset":
      return zooms.reset();
  }
}

const BUTTONS: Record<string, Move> = { "zoom-out": "out", "zoom-in": "in", "pan-back": "earlier", "pan-on": "later", "zoom-reset": "reset" };

/** listenToButtons hears the buttons of the page, which the template "zoom" draws. */
export function listenToButtons(zooms: Zooms): void {
  for (const [id, how] of Object.entries(BUTTONS)) document.getElementById(id)?.addEventListener("click", () => move(zooms, how));
}

/** markZoomed says on the page whether a part of the range is shown. */
export function markZoomed(is: boolean): void {
  const button = document.getElementById("zoom-reset") as HTMLButtonElement | null;
  if (button && button.disabled === is) button.disabled = !is;
}

/** listenToKeys hears the keys on those parts of a place that a selector names. */
export function listenToKeys(place: HTMLElement, selector: string, steps: Steps): void {
  place.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || !(e.target as Element).closest(selector)) return;
    if (press(e.key, e.shiftKey, steps)) e.preventDefault();
  });
}

function press(key: string, shift: boolean, steps: Steps): boolean {
  switch (key) {
    case "+": case "=": move(steps, "in"); return true;
    case "-": move(steps, "out"); return true;
    case "0": move(steps, "reset"); return true;
    case "ArrowUp": return steps.step(-1, 0);
    case "ArrowDown": return steps.step(1, 0);
    case "ArrowLeft": case "ArrowRight": {
      const back = key === "ArrowLeft";
      if (shift || !steps.step(0, back ? -1 : 1)) move(steps, back ? "earlier" : "later");
      return true;
    }
    case "Enter": steps.open(); return true;
    case "Escape": steps.forget(); return true;
  }
  return false;
}
