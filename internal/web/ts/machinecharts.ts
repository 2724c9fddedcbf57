// The charts of a machine's page: which there are, and what they share with the lane.

import type { AlarmMark } from "./alarmmarks";
import { ItemChart } from "./chart";
import { blank, byId, fill, slot } from "./dom";
import type { Span } from "./range";
import type { Item } from "./types";
import type { Usual } from "./usual";

/** Charts are the charts of a page. */
export class Charts {
  private readonly charts = new Map<string, ItemChart>();
  private readonly root = byId("charts");
  private readonly adder = byId<HTMLSelectElement>("add");

  /** view and pointed are those of an ItemChart, row gives the row of a data item among the values, changed is told when there are other charts than before, and limit is how many there may be. */
  constructor(
    private readonly view: () => Span, private readonly pointed: (t: number | undefined) => void,
    private readonly row: (id: string) => HTMLElement | undefined, private readonly changed: () => void, private readonly limit: number,
  ) {
    this.root.addEventListener("click", (e) => {
      const button = (e.target as Element).closest("[data-act=remove]");
      if (button) this.remove(button.closest<HTMLElement>("figure")?.dataset["chart"] ?? "");
    });
    byId("values").addEventListener("click", (e) => {
      const id = (e.target as Element).closest("[data-act=chart]")?.closest<HTMLElement>("tr")?.dataset["item"];
      if (id) this.toggle(id);
    });
    this.adder.addEventListener("change", () => {
      this.choose(this.adder.value);
      this.adder.value = "";
    });
    document.documentElement.addEventListener("theme", () => {
      for (const chart of this.charts.values()) chart.paint();
    });
  }

  /** adopt takes the charts that the page came with. */
  adopt(): void {
    for (const figure of this.root.querySelectorAll<HTMLElement>("figure")) this.add(figure);
    this.mark();
  }

  get ids(): string[] {
    return [...this.charts.keys()];
  }

  /** samples gives the numbers of those that are of samples. */
  get samples(): string[] {
    return this.ids.filter((id) => this.charts.get(id)?.figure.dataset["category"] === "SAMPLE");
  }

  /** become has exactly those charts that are named, in that order. */
  become(ids: readonly string[]): void {
    if (ids.join() === this.ids.join()) return;
    for (const id of this.ids) if (!ids.includes(id)) this.drop(id);
    for (const id of ids) {
      this.build(id);
      const chart = this.charts.get(id);
      if (!chart) continue;
      this.charts.delete(id);
      this.charts.set(id, chart);
      this.root.append(chart.figure);
    }
    this.mark();
    this.changed();
  }

  append(item: Item): void {
    this.charts.get(String(item.id))?.append(item);
  }

  point(t: number | undefined): void {
    for (const chart of this.charts.values()) chart.point(t);
  }

  load(): void {
    for (const chart of this.charts.values()) void chart.load();
  }

  /** draw draws the charts; what was last observed holds until the moment given. */
  draw(until: number): void {
    for (const chart of this.charts.values()) chart.draw(until);
  }

  /** annotate gives the charts what else is known of the time that they show: the alarms, and what is usual of each. */
  annotate(alarms: readonly AlarmMark[], usual: (id: string, factor: number, unit: string) => Usual | undefined, ran: (program: string | undefined) => Span[]): void {
    for (const chart of this.charts.values()) {
      const { factor, unit } = chart.figure.dataset;
      const is = usual(chart.id, Number(factor ?? 1), unit ?? "");
      chart.annotate(alarms, is, is ? ran(is.program) : []);
    }
  }

  /** mark says on the page which data items have a chart. */
  mark(): void {
    byId("charts-none").hidden = this.charts.size > 0;
    const full = this.charts.size >= this.limit;
    this.adder.disabled = full;
    this.adder.title = full ? `There are ${this.limit} charts: remove one first.` : "";
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-act=chart]")) {
      const on = this.charts.has(button.closest<HTMLElement>("tr")?.dataset["item"] ?? "");
      button.setAttribute("aria-pressed", String(on));
      button.disabled = full && !on;
    }
  }

  private toggle(id: string): void {
    if (this.charts.has(id)) this.remove(id);
    else this.choose(id);
  }

  private choose(id: string): void {
    this.build(id);
    this.mark();
    this.changed();
  }

  private remove(id: string): void {
    this.drop(id);
    this.mark();
    this.changed();
  }

  private drop(id: string): void {
    this.charts.get(id)?.destroy();
    this.charts.delete(id);
  }

  private add(figure: HTMLElement): void {
    const used = new Set([...this.charts.values()].map((c) => c.figure.dataset["hue"]));
    let hue = 1;
    while (used.has(String(hue))) hue++;
    figure.dataset["hue"] = String(hue);
    const chart = new ItemChart(figure, hue, this.view, this.pointed);
    this.charts.set(chart.id, chart);
    void chart.load();
  }

  /** build makes the chart of a data item, from what its row says of it. */
  private build(id: string): void {
    const row = this.row(id);
    if (!row || this.charts.has(id) || this.charts.size >= this.limit) return;
    const figure = blank("blank-chart");
    const label = slot(row, "label")?.textContent ?? "", place = row.dataset["place"] ?? "";
    Object.assign(figure.dataset, { chart: id, unit: row.dataset["unit"] ?? "", factor: row.dataset["factor"] ?? "1", category: row.dataset["category"] ?? "" });
    fill(figure, "label", label);
    fill(figure, "place", place);
    fill(figure, "unit", row.dataset["unit"] ?? "");
    figure.querySelector("[data-act=remove]")?.setAttribute("aria-label", `Remove ${label}, ${place}`);
    slot(figure, "table")?.setAttribute("aria-label", `${label}, ${place}, as table`);
    const details = figure.querySelector("details");
    if (details) details.dataset["panel"] = id;
    this.root.append(figure);
    this.add(figure);
  }
}
