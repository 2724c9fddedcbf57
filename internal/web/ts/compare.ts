// Runs of one program, each from its begin: the one that is chosen in front of the
// band in which the middle 80 % of the complete ones lie.

import { timeMarks } from "./axis";
import { clockText, now } from "./clock";
import { byId, put } from "./dom";
import { countedText, durationText, measureText } from "./format";
import { read } from "./live";
import type { Point, Series } from "./types";

interface Cycle {
  program: string | null;
  from: string;
  to: string;
  whole: boolean;
  unusual?: boolean;
}

/** How far back runs are looked for, in milliseconds, and how many make the band. */
const BACK_MS = 3 * 86_400_000;
const SAMPLE = 20;
/** In how many places along the runs they are compared. */
export const PLACES = 200;
/** The room for the figures at the axes, in CSS pixels. */
const LEFT = 44;
const BOTTOM = 22;

/** Band is where runs are at each place: the median and the 10 and 90 % quantiles; undefined where none is known. */
export interface Band {
  low: (number | undefined)[];
  median: (number | undefined)[];
  high: (number | undefined)[];
}

/** places gives the values of a run at equally spaced times from its begin; what is not known is left out. */
export function places(points: readonly Point[], from: number, length: number, to: number): (number | undefined)[] {
  const values: (number | undefined)[] = [];
  let i = -1;
  for (let n = 0; n < PLACES; n++) {
    const t = from + (length * n) / (PLACES - 1);
    while (i + 1 < points.length && (points[i + 1] as Point)[0] / 1000 <= t) i++;
    const v = i >= 0 && t <= to ? (points[i] as Point)[1] : undefined;
    values.push(typeof v === "number" ? v : undefined);
  }
  return values;
}

/** band puts runs together. */
export function band(runs: readonly (number | undefined)[][]): Band {
  const at = (n: number, q: number): number | undefined => {
    const known = runs.map((r) => r[n]).filter((v) => v !== undefined).sort((a, b) => a - b);
    if (known.length === 0) return undefined;
    const place = q * (known.length - 1), low = Math.floor(place);
    const a = known[low] as number, b = known[Math.min(low + 1, known.length - 1)] as number;
    return a + (place - low) * (b - a);
  };
  const all = (q: number): (number | undefined)[] => Array.from({ length: PLACES }, (_, n) => at(n, q));
  return { low: all(0.1), median: all(0.5), high: all(0.9) };
}

export class Comparison {
  private runs: Cycle[] = [];
  private asked = 0;
  private band: Band | undefined;
  private line: (number | undefined)[] = [];
  private length = 1;
  private program: string | undefined;

  /** changed is told when something else is compared. */
  constructor(private readonly slug: string, private readonly changed: () => void) {
    for (const id of ["compare-item", "compare-run"]) {
      byId(id).addEventListener("change", () => {
        changed();
        void this.load();
      });
    }
    document.documentElement.addEventListener("theme", () => this.draw());
    window.addEventListener("resize", () => this.draw());
  }

  /** shown is what is compared, for the address: the signal, the begin of the run and the program; undefined where nothing is. */
  get shown(): string | undefined {
    const run = this.runs[Number(byId<HTMLSelectElement>("compare-run").value || 0)];
    return this.program === undefined ? undefined : [byId<HTMLSelectElement>("compare-item").value, run?.from ?? "", this.program].join(",");
  }

  /** show compares what shown gave, or nothing. */
  async show(said: string | undefined): Promise<void> {
    if (said === this.shown) return;
    const [item = "", from = "", ...program] = (said ?? "").split(",");
    if (said === undefined) {
      this.asked++;
      this.program = undefined;
      byId("compare").hidden = true;
      return;
    }
    await this.open(program.join(","), item, from);
  }

  /** open compares the runs of a program, and of them the newest; or a signal and a run that are given. */
  async open(program: string, item = "", from = ""): Promise<void> {
    const asked = ++this.asked;
    this.program = program;
    byId("compare").hidden = false;
    put("compare-program", program);
    put("compare-said", "Loading…");
    const to = now();
    const query = new URLSearchParams({ program, from: new Date(to - BACK_MS).toISOString(), to: new Date(to).toISOString() });
    try {
      const { cycles } = await read<{ cycles: Cycle[] }>(`/api/v1/machines/${encodeURIComponent(this.slug)}/cycles?${query}`);
      if (asked !== this.asked) return; // Something else is compared since.
      this.runs = cycles.slice(-SAMPLE - 1).reverse();
    } catch {
      if (asked === this.asked) put("compare-said", "The runs could not be read.");
      return;
    }
    const select = byId<HTMLSelectElement>("compare-run");
    select.replaceChildren(...this.runs.map((c, i) => {
      const length = durationText(Date.parse(c.to) - Date.parse(c.from));
      return new Option(`${clockText(Date.parse(c.from))}, ${length}${c.whole ? "" : ", not complete"}${c.unusual ? ", unusual" : ""}`, String(i));
    }));
    const items = byId<HTMLSelectElement>("compare-item");
    if (items.options.length === 0) {
      const shown = [...document.querySelectorAll<HTMLElement>(".chart[data-chart]")].map((f) => f.dataset["chart"]);
      for (const o of byId<HTMLSelectElement>("add").options) {
        if (o.value && document.querySelector(`tr[data-item="${o.value}"][data-category="SAMPLE"]`)) items.add(new Option(o.text, o.value, false, o.value === shown[0]));
      }
    }
    const run = this.runs.findIndex((c) => c.from === from);
    if (run >= 0) select.value = String(run);
    if ([...items.options].some((o) => o.value === item)) items.value = item;
    byId("compare").scrollIntoView({ block: "nearest" });
    this.changed();
    await this.load();
  }

  private async load(): Promise<void> {
    const asked = ++this.asked;
    const item = byId<HTMLSelectElement>("compare-item").value;
    const chosen = this.runs[Number(byId<HTMLSelectElement>("compare-run").value || 0)];
    if (!item || !chosen) {
      put("compare-said", "There is nothing to compare.");
      return;
    }
    const sample = this.runs.filter((c) => c.whole && c !== chosen).slice(0, SAMPLE);
    const length = (c: Cycle): number => Date.parse(c.to) - Date.parse(c.from);
    this.length = Math.max(1, length(chosen), ...sample.map(length));
    const values = async (c: Cycle): Promise<(number | undefined)[]> => {
      const query = new URLSearchParams({ from: new Date(c.from).toISOString(), to: new Date(Date.parse(c.to) + 1).toISOString(), points: "800" });
      const { points } = await read<Series>(`/api/v1/items/${item}/series?${query}`);
      return places(points, Date.parse(c.from), this.length, Date.parse(c.to));
    };
    try {
      const [line, ...others] = await Promise.all([chosen, ...sample].map(values));
      if (asked !== this.asked) return;
      this.line = line ?? [];
      this.band = band(others);
      put("compare-said", `The band is of ${countedText(sample.length, "complete run")}`);
      this.draw();
    } catch {
      if (asked === this.asked) put("compare-said", "The signal could not be read.");
    }
  }

  private draw(): void {
    const canvas = byId<HTMLCanvasElement>("compare-canvas");
    const { band: b, line } = this;
    const c = canvas.getContext("2d");
    if (!b || !c || byId("compare").hidden) return;
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    c.scale(ratio, ratio);
    const css = getComputedStyle(document.documentElement);
    const colour = (name: string): string => css.getPropertyValue(`--${name}`).trim();
    const known = [...b.low, ...b.high, ...line].filter((v) => v !== undefined);
    const [least, most] = [Math.min(0, ...known), Math.max(1e-9, ...known)];
    const x = (n: number): number => LEFT + ((width - LEFT - 8) * n) / (PLACES - 1);
    const y = (v: number): number => 8 + (height - BOTTOM - 16) * (1 - (v - least) / (most - least || 1));
    c.font = `11px ${css.fontFamily}`;
    c.fillStyle = colour("muted");
    c.textBaseline = "middle";
    for (const v of [least, (least + most) / 2, most]) c.fillText(measureText(Number(v.toPrecision(3))), 2, y(v));
    for (const t of timeMarks(0, this.length, width - LEFT)) {
      const at = x((t / this.length) * (PLACES - 1));
      c.fillRect(at, height - BOTTOM, 1, 4);
      c.fillText(durationText(t), Math.min(at + 3, width - 40), height - BOTTOM / 2);
    }
    c.globalAlpha = 0.3;
    c.fillStyle = colour("series-1");
    for (let n = 0; n + 1 < PLACES; n++) {
      const [l, h] = [b.low[n], b.high[n]];
      if (l !== undefined && h !== undefined) c.fillRect(x(n), y(h), x(n + 1) - x(n) + 0.5, Math.max(1, y(l) - y(h)));
    }
    c.globalAlpha = 1;
    const path = (values: readonly (number | undefined)[], stroke: string, dash: number[]): void => {
      c.strokeStyle = stroke;
      c.setLineDash(dash);
      c.lineWidth = 1.5;
      c.beginPath();
      let down = false;
      values.forEach((v, n) => {
        if (v === undefined) down = false;
        else if (down) c.lineTo(x(n), y(v));
        else {
          c.moveTo(x(n), y(v));
          down = true;
        }
      });
      c.stroke();
      c.setLineDash([]);
    };
    path(b.median, colour("series-1"), [5, 4]);
    path(line, colour("body"), []);
    const last = line.findLastIndex((v) => v !== undefined);
    canvas.setAttribute("aria-label", `A run of ${durationText((this.length * Math.max(0, last)) / (PLACES - 1))}, before a band from ${measureText(least)} to ${measureText(most)}`);
    canvas.dataset["band"] = String(b.median.filter((v) => v !== undefined).length);
  }
}
