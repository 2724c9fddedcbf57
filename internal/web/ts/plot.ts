// A chart of explored signals that are numbers: lines for samples, steps for
// events.

import { Chart, LinearScale, LineController, LineElement, PointElement } from "chart.js";
import annotation from "chartjs-plugin-annotation";
import zoom from "chartjs-plugin-zoom";
import { drawLines } from "./alarmmarks";
import { hatch, timeMark, timeTicks } from "./axis";
import { measureText } from "./format";
import { alarmHues, colour, DASHES, LEFT, Panel } from "./panel";
import type { Span } from "./range";
import type { Signal } from "./signal";

Chart.register(LineController, LineElement, PointElement, LinearScale, zoom, annotation);

/** FONT is the size of the figures at the axes. */
const FONT = 11;
/** SHORTEST is the shortest range that can be zoomed to, in milliseconds. */
const SHORTEST = 1000;
/** NARROW is up to which width a gap is too narrow for hatching, and gets a mark at the axis, in pixels. */
const NARROW = 6;
/** Border is where a shift begins. */
export interface Border {
  /** In milliseconds. */
  at: number;
  name: string;
}

/** Plot is one chart. Signals of at most two units share it. */
export class Plot extends Panel {
  private readonly chart: Chart;
  private readonly units: string[];

  constructor(place: HTMLElement, signals: readonly Signal[], private readonly borders: readonly Border[], private readonly zoomed: (span: Span) => void) {
    super(place, signals);
    this.units = [...new Set(signals.map((s) => s.unit))];
    this.chart = new Chart(this.canvas, this.config());
  }

  override destroy(): void {
    this.chart.destroy();
    super.destroy();
  }

  protected paint(): void {
    const { span, right } = this.view;
    this.signals.forEach((signal, i) => {
      const set = this.chart.data.datasets[i];
      if (!set) return;
      const marks = signal.marks(Math.min(this.view.until(signal), span.to));
      set.data = marks;
      set["stepped"] = signal.category === "EVENT" ? "before" : false;
      set["borderColor"] = set["pointBackgroundColor"] = colour(`--series-${signal.hue}`);
      // A value alone between two gaps is no line.
      set["pointRadius"] = marks.map((m, at) => (m.y !== null && (marks[at - 1]?.y ?? null) === null && (marks[at + 1]?.y ?? null) === null ? 2 : 0));
    });
    const options = this.chart.options;
    options.scales.x.min = span.from;
    options.scales.x.max = span.to;
    options.layout.padding.right = this.units.length > 1 ? 0 : right;
    this.units.forEach((unit, i) => this.scale(options.scales[axisOf(i)], unit));
    for (const axis of Object.values(options.scales) as Record<string, { color: string }>[]) {
      for (const part of ["ticks", "grid", "border"]) {
        const of = axis[part];
        if (of) of.color = colour(part === "ticks" ? "--muted" : part === "grid" ? "--grid" : "--control");
      }
    }
    options.plugins.zoom.zoom.drag.backgroundColor = colour("--grid");
    options.plugins.zoom.zoom.drag.borderColor = colour("--focus");
    options.plugins.annotation.annotations = this.lines();
    this.chart.update("none");
  }

  protected describe(): string {
    return this.signals.map((signal) => {
      const { lowest, highest } = signal.line.extremes();
      if (lowest > highest) return `${signal.name}: nothing known`;
      return `${signal.name}: from ${measureText(lowest)} to ${measureText(highest)} ${signal.unit}`.trim();
    }).join("; ");
  }

  /** scale bounds an axis of values: percentages are seen beside the whole, the rest with some air. */
  private scale(y: { suggestedMin?: number; suggestedMax?: number; beginAtZero?: boolean; grace?: string }, unit: string): void {
    if (unit === "%") {
      y.suggestedMin = 0;
      y.suggestedMax = 100;
      return;
    }
    let lowest = Infinity, highest = -Infinity;
    for (const signal of this.signals) {
      if (signal.unit !== unit) continue;
      const extremes = signal.line.extremes();
      lowest = Math.min(lowest, extremes.lowest);
      highest = Math.max(highest, extremes.highest);
    }
    y.grace = "5%";
    y.beginAtZero = lowest >= 0 && lowest < highest / 2;
  }

  /** lines gives the borders of shifts as chartjs-plugin-annotation has them. */
  private lines(): Record<string, unknown> {
    const { from, to } = this.view.span;
    const label = { display: true, position: "start", backgroundColor: colour("--card"), color: colour("--body"), font: { size: FONT, weight: "normal" }, padding: 2 };
    return Object.fromEntries(this.borders.filter((b) => b.at >= from && b.at < to).map((b, i): [string, unknown] => (
      [`b${i}`, { type: "line", scaleID: "x", value: b.at, borderColor: colour("--control"), borderWidth: 1, borderDash: [4, 3], label: { ...label, content: b.name } }]
    )));
  }

  private config(): unknown {
    const font = { size: FONT };
    const scales: Record<string, unknown> = {
      x: {
        type: "linear", afterBuildTicks: timeTicks, border: {}, grid: { drawTicks: false },
        ticks: { font, maxRotation: 0, autoSkip: false, padding: 4, callback: (t: number) => timeMark(t, this.view.span.to - this.view.span.from) },
      },
    };
    this.units.forEach((unit, i) => {
      scales[axisOf(i)] = {
        type: "linear", position: i === 0 ? "left" : "right", border: { display: false }, grid: { drawTicks: false, drawOnChartArea: i === 0 },
        title: { display: this.units.length > 1, text: unit || "number", font },
        ticks: { font, maxTicksLimit: 6, padding: 6, callback: (v: number) => (this.signals.some((s) => s.points.length > 0) ? measureText(v) : "") },
        afterFit: (axis: { width: number }) => {
          axis.width = LEFT;
        },
      };
    });
    return {
      type: "line",
      data: {
        datasets: this.signals.map((signal) => ({
          data: [], yAxisID: axisOf(this.units.indexOf(signal.unit)), borderWidth: 1.5, borderDash: this.signals.length > 1 ? DASHES[signal.dash] : [],
          pointRadius: 0, pointHitRadius: 0, spanGaps: false, borderJoinStyle: "round",
        })),
      },
      options: {
        animation: false, parsing: false, normalized: true, responsive: true, maintainAspectRatio: false, events: ["mousemove", "mouseout", "click"],
        layout: { autoPadding: false, padding: { right: 0, top: 6 } },
        scales,
        plugins: {
          zoom: {
            limits: { x: { minRange: SHORTEST } },
            zoom: {
              mode: "x", drag: { enabled: true, threshold: 5, borderWidth: 1 },
              onZoom: ({ chart }: { chart: Chart }) => this.zoomed({ from: chart.scales.x.min, to: chart.scales.x.max }),
            },
          },
          annotation: { annotations: {} },
        },
      },
      plugins: [{ id: "gaps", beforeDatasetsDraw: (chart: Chart) => this.drawBehind(chart), afterDatasetsDraw: (chart: Chart) => this.drawBefore(chart) }],
    };
  }

  /** drawBehind hatches what is not known, and fills what lies between the extremes of a column where the API left observations out. */
  private drawBehind({ ctx, scales, chartArea, data }: Chart): void {
    const { left, right, top, bottom } = chartArea;
    const line = colour("--hatch");
    this.signals.forEach((signal, i) => {
      for (const [from, to] of signal.gaps(this.view.span, this.view.until(signal))) {
        const a = Math.max(left, scales.x.getPixelForValue(from)), b = Math.min(right, scales.x.getPixelForValue(to));
        if (b - a > NARROW) {
          hatch(ctx, line, a, top, b, bottom);
          continue;
        }
        ctx.fillStyle = line;
        ctx.fillRect(Math.round(a), top, Math.max(1, b - a), bottom - top);
        ctx.fillRect((a + b) / 2 - NARROW / 2, bottom - NARROW, NARROW, NARROW);
      }
      const y = (scales as Record<string, typeof scales.y>)[axisOf(this.units.indexOf(signal.unit))];
      if (!y) return;
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, right - left, bottom - top);
      ctx.clip();
      ctx.fillStyle = String(data.datasets[i]?.["borderColor"]);
      ctx.globalAlpha = 0.25;
      for (const band of signal.bands()) {
        const a = scales.x.getPixelForValue(band.from), high = y.getPixelForValue(band.high);
        ctx.fillRect(a, high, scales.x.getPixelForValue(band.to) - a, y.getPixelForValue(band.low) - high);
      }
      ctx.restore();
    });
  }

  /** drawBefore ends the lines, and marks the alarms. */
  private drawBefore(chart: Chart): void {
    this.drawEnds(chart);
    drawLines(chart.ctx, this.spots(), chart.chartArea.top, chart.chartArea.bottom, alarmHues());
  }

  /** drawEnds caps each line where it ends in a gap, and names it where it ends, by its place among the signals, where there are several. */
  private drawEnds({ ctx, scales, chartArea, data }: Chart): void {
    this.signals.forEach((signal, i) => {
      const set = data.datasets[i];
      const y = (scales as Record<string, typeof scales.y>)[axisOf(this.units.indexOf(signal.unit))];
      if (!set || !y) return;
      ctx.save();
      ctx.beginPath();
      ctx.rect(chartArea.left, chartArea.top - 4, chartArea.right - chartArea.left + 4, chartArea.bottom - chartArea.top + 8);
      ctx.clip();
      ctx.strokeStyle = ctx.fillStyle = String(set["borderColor"]);
      ctx.lineWidth = 1.5;
      let last: { x: number; y: number } | undefined;
      set.data.forEach((m, at) => {
        const next = set.data[at + 1];
        if (m.y === null) return;
        last = { x: scales.x.getPixelForValue(m.x), y: y.getPixelForValue(m.y) };
        // Between the ends of a narrow gap caps would close it.
        const beyond = set.data[at + 2];
        if (next && (next.y !== null || (beyond && scales.x.getPixelForValue(beyond.x) - last.x < 2 * NARROW))) return;
        ctx.beginPath();
        ctx.moveTo(last.x, last.y - 4);
        ctx.lineTo(last.x, last.y + 4);
        ctx.stroke();
      });
      if (last && this.signals.length > 1) {
        ctx.font = `600 ${FONT}px system-ui, sans-serif`;
        ctx.textAlign = "right";
        ctx.fillText(String(i + 1), Math.min(last.x, chartArea.right) - 4, last.y - 5);
      }
      ctx.restore();
    });
  }
}

/** axisOf names the axis of the values of a unit. */
function axisOf(i: number): string {
  return i <= 0 ? "y" : "y2";
}
