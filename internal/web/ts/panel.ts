// What charts and lanes of explored signals have in common: their figure, the
// place of their time axis, the cursor, and the table behind them.

import { type AlarmMark, alarmTable, type Spot, spotAt, spots, tell } from "./alarmmarks";
import { preciseText } from "./clock";
import { blank, fill, slot } from "./dom";
import { countText, countedText, UNKNOWN } from "./format";
import type { Span } from "./range";
import type { Signal } from "./signal";

/** ROWS is how many rows the table behind a chart shows. */
const ROWS = 500;

/** LEFT is how wide the axis of values is, in pixels; lanes leave as much free, so that times stand below each other. */
export const LEFT = matchMedia("(max-width: 767.98px)").matches ? 44 : 64;
/** RIGHT is what is left free behind the time axis where no chart has a second axis of values. */
export const RIGHT = 16;

/** View is what all panels show. */
export interface View {
  span: Span;
  /** What is left free behind the time axis, in pixels. */
  right: number;
  /** Until when what was last observed of a signal is known to hold. */
  until(signal: Signal): number;
}

/** DASHES are the ways in which lines are dashed. */
export const DASHES = [[], [7, 3], [2, 2], [9, 3, 2, 3], [14, 4], [4, 4], [9, 3, 2, 3, 2, 3]];

/** colour gives a colour of the theme. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** alarmHues gives the colours in which alarms are marked. */
export function alarmHues(): { Fault: string; Warning: string; mark: string } {
  return { Fault: colour("--fill-alarm"), Warning: colour("--fill-stopped"), mark: colour("--body") };
}

/** Panel is one figure with its signals. */
export abstract class Panel {
  readonly figure = blank("blank-plot");
  readonly box = this.figure.querySelector<HTMLElement>(".canvas") as HTMLElement;
  readonly canvas = this.figure.querySelector("canvas") as HTMLCanvasElement;
  private readonly line = this.figure.querySelector<HTMLElement>(".cursor") as HTMLElement;
  private readonly details = this.figure.querySelector("details") as HTMLDetailsElement;
  private alarms: readonly AlarmMark[] = [];
  protected view: View = { span: { from: 0, to: 1 }, right: RIGHT, until: () => 0 };

  /** The figure becomes the last of the place: a chart needs a canvas that is on a page. */
  constructor(place: HTMLElement, readonly signals: readonly Signal[]) {
    place.append(this.figure);
    const names = signals.map((s) => s.name).join("; ");
    this.figure.dataset["signals"] = signals.map((s) => s.id).join(",");
    slot(this.figure, "table")?.setAttribute("aria-label", `${names}, as table`);
    this.box.setAttribute("role", "group");
    this.box.setAttribute("aria-label", names);
    const title = slot(this.figure, "names");
    for (const signal of signals) {
      const name = document.createElement("span");
      const swatch = signal.row.querySelector(".swatch")?.cloneNode(true);
      if (swatch && signals.length > 1) name.append(swatch, " ");
      const label = document.createElement("b");
      label.textContent = signal.name;
      name.append(label, signal.unit ? ` ${signal.unit} ` : " ");
      title?.append(name);
    }
    this.details.dataset["panel"] = signals.map((s) => s.id).join(".");
    this.details.addEventListener("toggle", () => this.drawTable());
  }

  /** annotate takes the alarms of the machines that are shown. */
  annotate(alarms: readonly AlarmMark[]): void {
    this.alarms = alarms.filter((a) => this.signals.some((s) => s.machine === a.machine));
    this.drawTable();
  }

  /** spots gives where alarms are marked. */
  protected spots(): Spot[] {
    return spots(this.alarms, this.view.span, (t) => this.place(t));
  }

  /** place gives where a moment is, in pixels. */
  private place(t: number): number {
    const { from, to } = this.view.span;
    return LEFT + (t - from) / (to - from) * (this.box.clientWidth - LEFT - this.view.right);
  }

  /** draw draws the panel anew. */
  draw(view: View): void {
    this.view = view;
    fill(this.figure, "message", this.message());
    fill(this.figure, "count", this.signals.map((s) => (s.column > 0 ? `${countText(s.observations)} observations, ${countText(s.kept)} points shown` : "")).filter(Boolean).join("; "));
    this.paint();
    this.canvas.setAttribute("aria-label", `${this.describe()}${this.gapText()}${this.alarmText()}`);
  }

  /** loaded is called when other points than before are to be shown. */
  loaded(): void {
    this.drawTable();
  }

  /** timeAt gives the moment at a place of the window; undefined beside the time axis. */
  timeAt(clientX: number): number | undefined {
    const { left, width } = this.box.getBoundingClientRect();
    const share = (clientX - left - LEFT) / (width - LEFT - this.view.right);
    if (!(share >= 0 && share <= 1)) return undefined;
    return this.view.span.from + share * (this.view.span.to - this.view.span.from);
  }

  /** point shows the cursor at a moment. */
  point(t: number | undefined): void {
    const { from, to } = this.view.span;
    this.line.hidden = t === undefined || t < from || t > to;
    const spot = t !== undefined && !this.line.hidden && this.box.matches(":hover, :focus") ? spotAt(this.spots(), this.place(t)) : undefined;
    const tip = slot(this.figure, "alarms");
    if (tip) tip.hidden = !spot;
    if (t === undefined || this.line.hidden) return;
    this.line.style.transform = `translateX(${this.place(t)}px)`;
    if (!tip || !spot) return;
    tip.textContent = tell(spot.marks).join("\n");
    tip.style.left = `${Math.max(0, Math.min(spot.x + 10, this.box.clientWidth - tip.offsetWidth))}px`;
  }

  destroy(): void {
    this.figure.remove();
  }

  /** paint draws what the panel shows. */
  protected abstract paint(): void;
  /** describe says what the panel shows to those who do not see it. */
  protected abstract describe(): string;

  private message(): string {
    if (this.signals.some((s) => s.points.length > 0)) {
      return this.signals.some((s) => s.read === "failed") ? "Not all could be read; it is tried again." : "";
    }
    if (this.signals.some((s) => s.read === "loading")) return "Loading…";
    if (this.signals.some((s) => s.read === "failed")) return "This could not be read. It is tried again.";
    return "Nothing observed in this range.";
  }

  private gapText(): string {
    const gaps = this.signals.reduce((n, s) => n + s.gaps(this.view.span, this.view.until(s)).length, 0);
    return gaps === 0 ? "" : `, ${countedText(gaps, "gap")}`;
  }

  private alarmText(): string {
    const alarms = this.spots().reduce((n, s) => n + s.marks.length, 0);
    return alarms === 0 ? "" : `, ${countedText(alarms, "alarm")} raised`;
  }

  private drawTable(): void {
    const place = slot(this.figure, "table");
    if (!place || !this.details.open) return;
    const rows = this.signals.flatMap((signal) => signal.points.map(([x, v]) => ({ x, v, signal })));
    rows.sort((a, b) => b.x - a.x);
    const t = document.createElement("table");
    for (const { x, v, signal } of rows.slice(0, ROWS)) {
      const row = t.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = preciseText(x);
      row.append(head);
      if (this.signals.length > 1) row.insertCell().textContent = signal.name;
      const cell = row.insertCell();
      cell.className = "num";
      cell.textContent = v === null ? `${UNKNOWN} Unavailable` : `${signal.say(v)} ${signal.unit}`.trim();
    }
    if (rows.length > ROWS) t.createCaption().textContent = `The newest ${ROWS} of ${countText(rows.length)} points`;
    const alarms = alarmTable(this.alarms, this.view.span);
    place.replaceChildren(...(alarms ? [alarms, t] : [t]));
  }
}
