// The chart of one data item.

import { Chart, LinearScale, LineController, LineElement, PointElement, Tooltip } from "chart.js";
import { type AlarmMark, alarmTable, drawLines, type Spot, spotAt, spots, tell } from "./alarmmarks";
import { hatch, timeMark, timeTicks } from "./axis";
import { clockText, now, preciseText, then } from "./clock";
import { fill, slot } from "./dom";
import { countedText, measureText } from "./format";
import { read } from "./live";
import { Line, type Mark } from "./points";
import { isLive, type Span } from "./range";
import type { Item, Series } from "./types";
import type { Usual } from "./usual";

/** POINTS is how many points a chart asks for: a few for each of its pixels. */
const POINTS = 1000;
/** A range that ends this near to now ends now. */
const SLACK_MS = 60_000;
/** HOLDS: a value of which nothing is heard for this part of the range is drawn as held. */
const HOLDS = 240;
/** ROWS is how many rows the table behind a chart shows. */
const ROWS = 500;
/** FONT is the size of the figures at the axes. */
const FONT = 11;

/** ValueAxis is what is set of the axis of values. */
interface ValueAxis {
  min?: number | undefined;
  max?: number | undefined;
  suggestedMin?: number;
  suggestedMax?: number;
  grace?: string | number;
  beginAtZero?: boolean;
}

Chart.register(LineController, LineElement, PointElement, LinearScale, Tooltip);

/** ItemChart draws a data item over a stretch of time; load has it begin. */
export class ItemChart {
  readonly id: string;
  private readonly line = new Line();
  private readonly chart: Chart;
  private readonly details: HTMLDetailsElement;
  private asked = 0;
  /** What has been observed since the points were asked for, which may be missing in the answer. */
  private fresh: [number, unknown][] = [];
  /** Until when what was last observed still holds. */
  private until = Infinity;
  /** The begin and the end of the time axis. */
  private begin = 0;
  private end = 0;
  /** The moment that the reader points at. */
  private cursor: number | undefined;
  /** false where no value is known in the range. */
  private known = false;
  /** true where there is something to draw beside the time that passes. */
  private changed = true;
  private alarms: readonly AlarmMark[] = [];
  /** What is usual, and when it is so. */
  private usual: Usual | undefined;
  private ran: readonly Span[] = [];
  private hues = { hatch: "", band: "", Fault: "", Warning: "", mark: "" };

  /** view gives what is shown; pointed is told of the moment that is pointed at on the chart. */
  constructor(
    readonly figure: HTMLElement, private readonly hue: number, private readonly view: () => Span,
    private readonly pointed: (t: number | undefined) => void,
  ) {
    this.id = figure.dataset["chart"] ?? "";
    this.line.factor = Number(figure.dataset["factor"] ?? 1);
    this.details = figure.querySelector("details") as HTMLDetailsElement;
    this.details.addEventListener("toggle", () => this.drawTable());
    this.chart = new Chart(figure.querySelector("canvas") as HTMLCanvasElement, this.config());
    this.paint();
  }

  /** load reads the points anew. */
  async load(): Promise<void> {
    const asked = ++this.asked;
    this.fresh = [];
    const { from, to } = this.view();
    const range = new URLSearchParams({ from: new Date(from).toISOString(), points: String(POINTS) });
    // Up to now, what is newest comes too, be its clock ahead.
    if (to < now() - SLACK_MS) range.set("to", new Date(to + 1).toISOString());
    try {
      const series = await read<Series>(`/api/v1/items/${this.id}/series?${range}`);
      if (asked !== this.asked) return; // Another range has been asked for since.
      this.line.hold = (to - from) / HOLDS;
      this.line.load(series.points);
      for (const [x, value] of this.fresh) this.line.append(x, value);
      this.message(this.line.marks.length === 0 ? "Nothing observed in this range." : "");
      fill(this.figure, "said", series.problem ? `Not all could be told: ${series.problem}.` : "");
      this.changed = true;
      this.draw(this.until);
      this.describe();
      this.drawTable();
    } catch {
      if (asked === this.asked && this.line.marks.length === 0) this.message(`The points could not be read.${then === undefined ? " They are asked for again." : ""}`);
    }
  }

  /** point shows a moment on the chart, and what the value was then. */
  point(t: number | undefined): void {
    if (t === this.cursor) return;
    this.cursor = t;
    this.sayNow();
    this.tellAlarms();
    this.chart.render();
  }

  /** annotate takes the alarms of the time that is shown, and what is usual of the value with when it is so. */
  annotate(alarms: readonly AlarmMark[], usual: Usual | undefined, ran: readonly Span[]): void {
    Object.assign(this, { alarms, usual, ran, changed: true });
    fill(this.figure, "usual", usual?.text ?? "");
    const word = slot(this.figure, "usual");
    if (word) word.title = usual?.title ?? "";
    this.draw(this.until);
    this.describe();
    this.drawTable();
  }

  /** sayNow says the value at the moment that is pointed at, or the newest of the range: that of a past one ends with it. */
  private sayNow(): void {
    const { marks } = this.line;
    const at = this.cursor ?? (isLive() ? undefined : this.view().to);
    const mark = at === undefined ? marks[marks.length - 1] : marks.findLast((m) => m.x <= at);
    const word = slot(this.figure, "now");
    if (word) word.title = this.cursor !== undefined ? "at the cursor" : at === undefined ? "now" : "at the end of the range";
    fill(this.figure, "now", mark ? this.line.say(mark) : at === undefined ? "" : "—");
  }

  /** append adds what has just been observed. */
  append(item: Item): void {
    const x = Date.parse(item.time ?? "");
    if (Number.isNaN(x)) return;
    this.fresh.push([x, item.value]);
    if (!this.line.append(x, item.value)) return;
    this.changed = true;
    this.message("");
  }

  /**
   * draw draws the chart; what was last observed holds until the moment given.
   * Nothing is drawn where nothing has come and the line would not move by a
   * pixel.
   */
  draw(until: number): void {
    const { from: min, to: max } = this.view();
    const length = max - min;
    const pixel = length / Math.max(1, this.chart.width);
    if (!this.changed && until === this.until && Math.abs(max - this.end) < pixel && Math.abs(min - this.begin) < pixel) return;
    this.changed = false;
    this.until = until;
    const last = this.line.marks[this.line.marks.length - 1];
    if (min >= this.begin && max >= this.end) this.line.trim(min);
    const marks = [...this.line.marks];
    const held = Math.min(until, max, Math.max(now(), last?.x ?? 0));
    if (last && last.y !== null && held > last.x) marks.push({ ...last, x: held, held: true });
    const set = this.chart.data.datasets[0];
    if (set) {
      set.data = this.line.crowded ? [] : marks;
      set["stepped"] = this.figure.dataset["category"] === "EVENT" ? "before" : false;
    }
    if (this.line.crowded) this.message("Too many different texts for a line: see the table.");
    const { x, y } = this.chart.options.scales;
    if (Math.abs(max - this.end) > length && this.end > 0) void this.load(); // Another range than was read.
    x.min = this.begin = min;
    x.max = this.end = max;
    this.scaleY(y);
    this.sayNow();
    fill(this.figure, "past", Math.abs(now() - max) > length && now() > max ? `up to ${clockText(max)}` : "");
    this.chart.update("none");
  }

  /** paint takes the colours of the theme. */
  paint(): void {
    const css = getComputedStyle(document.documentElement);
    const colour = (name: string): string => css.getPropertyValue(name).trim();
    const set = this.chart.data.datasets[0];
    if (set) {
      set["borderColor"] = colour(`--series-${this.hue}`);
      set["pointBackgroundColor"] = set["borderColor"];
    }
    const { x, y } = this.chart.options.scales;
    for (const axis of [x, y]) {
      axis.ticks.color = colour("--muted");
      axis.grid.color = colour("--grid");
      axis.border.color = colour("--control");
    }
    this.hues = { hatch: colour("--hatch"), band: colour("--grid"), Fault: colour("--fill-alarm"), Warning: colour("--fill-stopped"), mark: colour("--body") };
    Object.assign(this.chart.options.plugins.tooltip, {
      backgroundColor: colour("--body"), titleColor: colour("--card"), bodyColor: colour("--card"),
    });
    this.chart.update("none");
  }

  destroy(): void {
    this.asked++;
    this.chart.destroy();
    this.figure.remove();
  }

  /**
   * scaleY bounds the axis of values: percentages are seen beside the whole,
   * what comes near to 0 beside 0, and the rest with some air.
   */
  private scaleY(y: ValueAxis): void {
    const { lowest, highest } = this.line.extremes();
    this.known = lowest <= highest;
    if (this.line.isText) {
      y.min = -0.5;
      y.max = Math.max(1, this.line.labels.length) - 0.5;
      return;
    }
    y.min = y.max = undefined;
    if (this.figure.dataset["unit"] === "%") {
      y.suggestedMin = 0;
      y.suggestedMax = 100;
      return;
    }
    y.grace = this.known ? "5%" : 0;
    y.beginAtZero = lowest >= 0 && lowest < highest / 2;
  }

  /** describe names the chart for those who do not see it. */
  private describe(): void {
    const { lowest, highest } = this.line.extremes();
    const label = [slot(this.figure, "label")?.textContent, slot(this.figure, "place")?.textContent].join(", ");
    const unit = this.figure.dataset["unit"] ?? "";
    let text = `${label}: nothing observed`;
    if (this.known && this.line.isText) text = `${label}: ${this.line.labels.join(", ")}`;
    else if (this.known) text = `${label}: from ${measureText(lowest)} to ${measureText(highest)} ${unit}`;
    const gaps = this.line.gaps(this.end).length;
    if (gaps > 0) text += `, ${countedText(gaps, "gap")}`;
    const alarms = this.spots().reduce((n, s) => n + s.marks.length, 0);
    if (alarms > 0) text += `, ${countedText(alarms, "alarm")} raised`;
    if (this.usual) text += `, ${this.usual.text}`;
    this.chart.ctx.canvas.setAttribute("aria-label", text);
  }

  private drawTable(): void {
    const place = slot(this.figure, "table");
    if (!place || !this.details.open) return;
    const t = document.createElement("table");
    const observed = this.line.marks.filter((m) => !m.held).reverse();
    for (const m of observed.slice(0, ROWS)) {
      const row = t.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = preciseText(m.x);
      row.append(head);
      const cell = row.insertCell();
      cell.className = "num";
      cell.textContent = m.y === null ? "Unavailable" : `${this.line.say(m)} ${this.figure.dataset["unit"] ?? ""}`;
    }
    if (observed.length > ROWS) t.createCaption().textContent = `The newest ${ROWS} of ${observed.length} points`;
    const alarms = alarmTable(this.alarms, { from: this.begin, to: this.end });
    place.replaceChildren(...(alarms ? [alarms, t] : [t]));
  }

  /** spots gives where alarms are marked. */
  private spots(): Spot[] {
    return spots(this.alarms, { from: this.begin, to: this.end }, (t) => this.chart.scales.x.getPixelForValue(t));
  }

  /** tellAlarms tells of the alarms at the place that is pointed at on this chart. */
  private tellAlarms(): void {
    const tip = slot(this.figure, "alarms");
    if (!tip) return;
    const { canvas } = this.chart.ctx;
    const spot = this.cursor !== undefined && canvas.matches(":hover") ? spotAt(this.spots(), this.chart.scales.x.getPixelForValue(this.cursor)) : undefined;
    tip.hidden = !spot;
    if (!spot) return;
    tip.textContent = tell(spot.marks).join("\n");
    tip.style.left = `${Math.max(0, Math.min(spot.x + 10, canvas.clientWidth - tip.offsetWidth))}px`;
  }

  private message(text: string): void {
    fill(this.figure, "message", text);
  }

  private config(): unknown {
    const font = { size: FONT };
    return {
      type: "line",
      data: {
        datasets: [{
          data: [], borderWidth: 1.5, pointRadius: 0, pointHitRadius: 8, spanGaps: false, borderJoinStyle: "round", segment: {},
        }],
      },
      options: {
        animation: false, parsing: false, normalized: true, responsive: true, maintainAspectRatio: false,
        interaction: { mode: "nearest", axis: "x", intersect: false },
        onHover: (e: { x: number | null; type: string }, _: unknown, chart: Chart) => {
          const x = e.type === "mouseout" || e.x === null ? undefined : chart.scales.x.getValueForPixel(e.x);
          this.pointed(x);
        },
        scales: {
          x: {
            type: "linear", afterBuildTicks: timeTicks, border: {}, grid: { drawTicks: false },
            ticks: { font, maxRotation: 0, autoSkip: false, padding: 4, callback: (t: number) => timeMark(t, this.end - this.begin) },
          },
          y: {
            type: "linear", border: { display: false }, grid: { drawTicks: false },
            ticks: { font, maxTicksLimit: 6, padding: 6, callback: (v: number) => this.tick(v) },
            afterFit: (axis: { width: number }) => {
              if (!this.line.isText) axis.width = Math.max(axis.width, 44);
            },
            afterBuildTicks: (axis: { ticks: { value: number }[] }) => {
              if (this.line.isText) axis.ticks = this.line.labels.map((_, value) => ({ value }));
            },
          },
        },
        plugins: {
          tooltip: {
            displayColors: false,
            callbacks: {
              title: (items: { raw: Mark }[]) => (items[0] ? preciseText(items[0].raw.x) : ""),
              label: (item: { raw: Mark }) => `${this.line.say(item.raw)} ${this.figure.dataset["unit"] ?? ""}`.trim(),
            },
          },
        },
      },
      plugins: [
        { id: "behind", beforeDatasetsDraw: (chart: Chart) => this.drawBehind(chart) },
        { id: "before", afterDatasetsDraw: (chart: Chart) => this.drawBefore(chart) },
      ],
    };
  }

  /** drawBehind fills what is usual, while it is so, and hatches the stretches in which nothing is known. */
  private drawBehind({ ctx, chartArea: { left, right, top, bottom }, scales: { x, y } }: Chart): void {
    const within = (t: number): number => Math.max(left, Math.min(right, x.getPixelForValue(t)));
    const clamp = (v: number): number => Math.max(top, Math.min(bottom, y.getPixelForValue(v)));
    if (this.usual) {
      ctx.fillStyle = this.hues.band;
      const [high, low] = [clamp(this.usual.high), clamp(this.usual.low)];
      for (const { from, to } of this.ran) ctx.fillRect(within(from), high, within(to) - within(from), Math.max(1, low - high));
    }
    for (const [from, to] of this.gaps()) hatch(ctx, this.hues.hatch, within(from), top, within(to), bottom);
  }

  /** drawBefore marks the alarms and the moment that is pointed at. */
  private drawBefore(chart: Chart): void {
    drawLines(chart.ctx, this.spots(), chart.chartArea.top, chart.chartArea.bottom, this.hues);
    if (this.cursor === undefined) return;
    const { left, right, top, bottom } = chart.chartArea;
    const x = Math.round(chart.scales.x.getPixelForValue(this.cursor));
    if (x < left || x > right) return;
    chart.ctx.fillStyle = chart.options.scales.x.ticks.color ?? "";
    chart.ctx.fillRect(x, top, 1, bottom - top);
  }

  private tick(v: number): string {
    if (!this.known) return "";
    if (!this.line.isText) return measureText(v);
    const text = this.line.labels[v] ?? "";
    return text.length > 18 ? `${text.slice(0, 17)}…` : text;
  }

  /** gaps gives what is hatched: unknown values, and what has not been heard. */
  private gaps(): [number, number][] {
    const gaps = this.line.gaps(this.end);
    const last = this.line.marks[this.line.marks.length - 1];
    if (last && last.y !== null && this.end - this.until > 1000) gaps.push([Math.max(this.until, last.x), this.end]);
    return gaps;
  }
}
