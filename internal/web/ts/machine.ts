// The page of one machine: its state, its conditions, its values and charts.

import "./page";
import { up } from "./attention";
import { drawCondition, drawState } from "./card";
import { ItemChart } from "./chart";
import { instant, now } from "./clock";
import { Comparison } from "./compare";
import { age, blank, byId, fill, fillList, glyph, put, retry, set, show, slot } from "./dom";
import { causeText, linkWord, placeText, ruleText, wordText } from "./format";
import { follow, read, readList } from "./live";
import { MachineLane } from "./machinelane";
import { isLive, keep, range, type Span } from "./range";
import type { Agent, Condition, Item, Machine, MachineDetail, Values } from "./types";
import { drawItem } from "./values";

/** How often charts read their points anew: the stream leaves some out. */
const RELOAD_MS = 60_000;
/** How often they do while the values are polled. */
const POLLED_MS = 15_000;

/**
 * Data may be this old, in milliseconds, before charts end with it: agents tell
 * of changes only. It may be as far ahead, for a clock that is wrong by its
 * zone; what is further ahead is not believed.
 */
const DAY_MS = 86_400_000;

const root = byId("machine");
const slug = root.dataset["slug"] ?? "";
const limit = Number(root.dataset["limit"]);
const rows = new Map<string, HTMLElement>();
const changed = new Map<string, Item>();
const charts = new Map<string, ItemChart>();
let machine: Machine | undefined;
let agent: Agent | undefined;
let reloaded = performance.now();
/** When what is known of each data item was observed. */
const times = new Map<string, number>();
/** When the newest of it was. */
let newest: number | undefined;
/** true where something was told of a data item that the page has not. */
let strange = false;
/** How many machines the agent had when the values were read. */
let machinesThen: number | undefined;

function findRows(): void {
  rows.clear();
  for (const row of byId("values").querySelectorAll<HTMLElement>("tr[data-item]")) {
    const id = row.dataset["item"] ?? "";
    rows.set(id, row);
    observed(id, slot(row, "time")?.dataset["since"]);
  }
}

/** observed notes when a data item was observed. */
function observed(id: string, time: string | undefined): void {
  const t = instant(time);
  if (t === undefined || t > now() + DAY_MS) return;
  times.set(id, t);
  newest = Math.max(newest ?? t, t);
}

/**
 * base is the range of the page. Where it follows the clock it goes as far as a
 * clock that is ahead; where all data is old, as that of a recording, it ends with
 * that.
 */
function base(): Span {
  const chosen = range();
  if (!isLive() || newest === undefined) return chosen;
  const length = chosen.to - chosen.from;
  const patience = root.dataset["state"] === "no-link" ? length : Math.max(DAY_MS, length);
  if (now() - newest > patience) {
    const shown = [...charts.keys()].map((id) => times.get(id)).filter((time) => time !== undefined);
    const end = shown.length > 0 ? Math.max(...shown) : newest;
    return { from: end - length, to: end };
  }
  const ahead = Math.max(0, newest - Math.max(now(), chosen.to));
  return { from: chosen.from + ahead, to: chosen.to + ahead };
}

let stood = false;
const lane = new MachineLane(slug, base, (cursor) => {
  for (const chart of charts.values()) chart.point(cursor);
  if (cursor !== undefined) return;
  if (stood && !lane.paused()) reloadCharts(); // What came while the view stood still was passed over.
  stood = lane.paused();
  drawCharts();
});

function takeItems(items: Item[]): void {
  for (const item of items) {
    observed(String(item.id), item.time);
    strange ||= !rows.has(String(item.id));
    changed.set(String(item.id), item);
    if (!lane.paused()) charts.get(String(item.id))?.append(item);
    lane.append(item);
    drawNow(item);
  }
}

function takeAgents(list: Agent[]): void {
  agent = list.find((a) => a.name === root.dataset["agent"]) ?? agent;
}

async function reread(): Promise<void> {
  const [detail, agents] = await Promise.all([read<MachineDetail>(`/api/v1/machines/${encodeURIComponent(slug)}`), readList<Agent>("/api/v1/agents")]);
  machine = detail;
  takeAgents(agents);
  machinesThen = agent?.machines;
  if (detail.items.length !== rows.size || detail.items.some((item) => !rows.has(String(item.id)))) await redrawValues();
  takeItems(detail.items);
  strange = false;
  if (performance.now() - reloaded > POLLED_MS) reloadCharts();
}

/** redrawValues takes the tables anew from the server: the machine has other data items than before. */
async function redrawValues(): Promise<void> {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${location.href}: status ${answer.status}`);
  const anew = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["values", "add"]) byId(id).replaceChildren(...(anew.getElementById(id)?.childNodes ?? []));
  findRows();
  mark();
}

/** outdated reports whether the machine has data items that the page has not, or its agent other machines. */
function outdated(): boolean {
  return strange || (machinesThen !== undefined && agent?.machines !== machinesThen);
}

function draw(): void {
  if (machine) drawMachine(machine);
  drawLink();
  for (const [id, item] of changed) {
    const row = rows.get(id);
    if (row) drawItem(row, item);
  }
  changed.clear();
  drawCharts();
}

/** drawNow shows a value among those of now. */
function drawNow(item: Item): void {
  const row = rows.get(String(item.id));
  const shown = document.querySelector(`[data-now="${item.id}"]`);
  const value = row && slot(row, "value");
  if (shown && row && value) {
    drawItem(row, item);
    shown.replaceChildren(...[...value.childNodes].map((n) => n.cloneNode(true)));
  }
  const bar = document.querySelector<HTMLMeterElement>(`[data-now-bar="${item.id}"]`);
  if (bar) bar.value = typeof item.value === "number" ? item.value * Number(bar.dataset["factor"] ?? 1) : 0;
}

function drawMachine(m: Machine): void {
  lane.follow(m);
  drawState(root, m);
  fill(root, "rule", m.rule ? `Why: ${ruleText(m.rule)}` : "");
  show(root, "rule", Boolean(m.rule));
  fill(root, "linkError", causeText(m.linkError ?? ""));
  show(root, "linkError", Boolean(m.linkError));
  retry(root, m.retry);
  const list = m.conditions ?? [];
  fillList(byId("conditions"), "blank-condition", list, drawRow);
  byId("conditions").hidden = list.length === 0;
  byId("conditions-none").hidden = list.length > 0;
  put("conditions-count", String(list.length));
}

function drawRow(e: HTMLElement, c: Condition): void {
  drawCondition(e, c);
  fill(e, "type", wordText(c.type));
  fill(e, "component", placeText(c.component ?? ""));
  age(e, "since", c.since);
}

function drawLink(): void {
  const link = slot(root, "link")?.querySelector<HTMLElement>(".link");
  if (!agent || !link) return;
  set(link, "link", agent.link);
  glyph(link, agent.link);
  fill(link, "linkWord", linkWord(agent.link));
}

// The charts. Which there are, and their range, stands in the address.

function addChart(figure: HTMLElement): void {
  const used = new Set([...charts.values()].map((c) => c.figure.dataset["hue"]));
  let hue = 1;
  while (used.has(String(hue))) hue++;
  figure.dataset["hue"] = String(hue);
  const chart = new ItemChart(figure, hue, () => lane.view(), (t) => lane.cursor(t));
  charts.set(chart.id, chart);
  void chart.load();
}

/** choose adds the chart of a data item, from what its row says of it. */
function choose(id: string): void {
  const row = rows.get(id);
  if (!row || charts.has(id) || charts.size >= limit) return;
  const figure = blank("blank-chart");
  const label = slot(row, "label")?.textContent ?? "";
  const place = row.dataset["place"] ?? "";
  Object.assign(figure.dataset, { chart: id, unit: row.dataset["unit"] ?? "", factor: row.dataset["factor"] ?? "1", category: row.dataset["category"] ?? "" });
  fill(figure, "label", label);
  fill(figure, "place", place);
  fill(figure, "unit", row.dataset["unit"] ?? "");
  figure.querySelector("[data-act=remove]")?.setAttribute("aria-label", `Remove ${label}, ${place}`);
  slot(figure, "table")?.setAttribute("aria-label", `${label}, ${place}, as table`);
  byId("charts").append(figure);
  addChart(figure);
  chosen();
}

function discard(id: string): void {
  charts.get(id)?.destroy();
  charts.delete(id);
  chosen();
}

/** chosen writes the choice into the address and onto the page. */
function chosen(): void {
  const list = [...charts.keys()].join(",");
  const address = new URL(location.href);
  address.searchParams.set("s", list);
  history.replaceState(null, "", address.href.replaceAll("%2C", ","));
  keep("s", list);
  mark();
}

function mark(): void {
  byId("charts-none").hidden = charts.size > 0;
  const full = charts.size >= limit;
  byId<HTMLSelectElement>("add").disabled = full;
  byId("add").title = full ? `There are ${limit} charts: remove one first.` : "";
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-act=chart]")) {
    const on = charts.has(button.closest<HTMLElement>("tr")?.dataset["item"] ?? "");
    button.setAttribute("aria-pressed", String(on));
    button.disabled = full && !on;
  }
}

function reloadCharts(): void {
  reloaded = performance.now();
  for (const chart of charts.values()) void chart.load();
}

function drawCharts(): void {
  lane.draw();
  // What was last observed holds for as long as the agent is heard.
  const until = (machine?.state === "no-link" && instant(machine.lastSeen)) || Infinity;
  for (const chart of charts.values()) chart.draw(until);
}

byId("charts").addEventListener("click", (e) => {
  const button = (e.target as Element).closest("[data-act=remove]");
  if (button) discard(button.closest<HTMLElement>("figure")?.dataset["chart"] ?? "");
});
byId("values").addEventListener("click", (e) => {
  const button = (e.target as Element).closest("[data-act=chart]");
  const id = button?.closest<HTMLElement>("tr")?.dataset["item"];
  if (!id) return;
  if (charts.has(id)) discard(id);
  else choose(id);
});
byId<HTMLSelectElement>("add").addEventListener("change", (e) => {
  const select = e.currentTarget as HTMLSelectElement;
  choose(select.value);
  select.value = "";
});
/** why shows the page that says why, in a dialog; where that cannot be read, it is gone to. */
let asking = 0;

async function why(address: string): Promise<void> {
  const asked = ++asking;
  try {
    const answer = await fetch(address, { cache: "no-store" });
    const said = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("why");
    if (!said) throw new Error("no answer");
    if (asked !== asking) return;
    byId("why-body").replaceChildren(said);
    const dialog = byId<HTMLDialogElement>("why-dialog");
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  } catch {
    if (asked === asking) location.href = address;
  }
}
lane.why = (t) => void why(`/m/${encodeURIComponent(slug)}/why?at=${encodeURIComponent(new Date(Math.min(t, now())).toISOString())}`);
document.addEventListener("click", (e) => {
  const a = (e.target as Element).closest<HTMLAnchorElement>("a[data-why]");
  if (!a || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  void why(a.href);
});
document.addEventListener("click", (e) => {
  const a = (e.target as Element).closest<Element & { dataset: DOMStringMap }>("[data-cycle-from]");
  if (!a || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  lane.pick({ from: Date.parse(a.dataset["cycleFrom"] ?? ""), to: Date.parse(a.dataset["cycleTo"] ?? "") });
  reloadCharts();
  byId("lane").scrollIntoView({ block: "nearest" });
});
document.documentElement.addEventListener("theme", () => {
  for (const chart of charts.values()) chart.paint();
});

const comparison = new Comparison(slug);
document.addEventListener("click", (e) => {
  const program = (e.target as Element).closest<HTMLElement>("[data-compare]")?.dataset["compare"];
  if (program !== undefined) void comparison.open(program);
});

findRows();
void lane.load();
lane.keepUp();
for (const figure of byId("charts").querySelectorAll<HTMLElement>("figure")) addChart(figure);
mark();
setInterval(() => {
  if (!document.hidden && !lane.paused()) reloadCharts();
}, RELOAD_MS);
// The time axis moves on where nothing changes.
setInterval(() => {
  if (!document.hidden) drawCharts();
}, 1000);

follow({
  address: `/api/v1/stream?machine=${encodeURIComponent(slug)}`,
  every: 200,
  machines: (list: Machine[]) => {
    machine = list.find((m) => m.slug === slug) ?? machine;
  },
  values: (v: Values) => {
    if (v.machine === slug) takeItems(v.items);
  },
  agents: takeAgents,
  expects: () => agent !== undefined && up(agent),
  outdated,
  reread,
  draw,
});
