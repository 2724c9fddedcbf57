// The page of one machine: its state, its conditions, its values and charts.

import "./page";
import { up } from "./attention";
import { drawCondition, drawState } from "./card";
import { instant, now } from "./clock";
import { Comparison } from "./compare";
import { age, byId, fill, fillList, glyph, put, retry, set, show, slot } from "./dom";
import { causeText, linkWord, placeText, ruleText, wordText } from "./format";
import { follow, read, readList } from "./live";
import { Charts } from "./machinecharts";
import { MachineLane } from "./machinelane";
import { isLive, isOver, keep, keepCopied, range, type Span } from "./range";
import { openAs, openPanels, Trail } from "./trail";
import { drawSkew } from "./skew";
import type { Agent, Condition, Item, Machine, MachineDetail, Values } from "./types";
import { showOnBars, UsualValues } from "./usual";
import { drawItem } from "./values";
import { Why } from "./whydialog";

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
    const shown = charts.ids.map((id) => times.get(id)).filter((time) => time !== undefined);
    const end = shown.length > 0 ? Math.max(...shown) : newest;
    return { from: end - length, to: end };
  }
  const ahead = Math.max(0, newest - Math.max(now(), chosen.to));
  return { from: chosen.from + ahead, to: chosen.to + ahead };
}

/** What is usual of the machine's samples. */
const usual = new UsualValues(slug, annotate);
/** The zoom that the points of the charts were read for. */
let zoomed: Span | undefined;
const lane = new MachineLane(slug, Number(root.dataset["paths"]), {
  base,
  viewed: () => {
    drawCharts();
    kept();
  },
  read: () => {
    // Another zoom has other points; and what came while it stood still was passed over.
    if (zoomed !== lane.zoom) reloadCharts();
    annotate();
  },
  pointed: (t) => charts.point(t),
  why: (t) => why.at(t),
});
const charts = new Charts(() => lane.view(), (t) => lane.cursor(t), (id) => rows.get(id), () => {
  annotate();
  wantUsual();
  kept();
}, limit);
const comparison = new Comparison(slug, kept);
const why = new Why(slug, kept);

function takeItems(items: Item[]): void {
  for (const item of items) {
    observed(String(item.id), item.time);
    strange ||= !rows.has(String(item.id));
    changed.set(String(item.id), item);
    if (!lane.zoom && !isOver()) charts.append(item);
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
  if (!isOver() && performance.now() - reloaded > POLLED_MS) reloadCharts();
}

/** redrawValues takes the tables anew from the server: the machine has other data items than before. */
async function redrawValues(): Promise<void> {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${location.href}: status ${answer.status}`);
  const anew = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["values", "add"]) byId(id).replaceChildren(...(anew.getElementById(id)?.childNodes ?? []));
  findRows();
  charts.mark();
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
  wantUsual();
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
  drawSkew(root, agent);
  if (!agent || !link) return;
  set(link, "link", agent.link);
  glyph(link, agent.link);
  fill(link, "linkWord", linkWord(agent.link));
}

// What is shown besides the range stands in the address.

const trail = new Trail(() => {
  const address = new URL(location.href);
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined) address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  };
  if (address.searchParams.has("s") || charts.ids.join() !== first.join()) set("s", charts.ids.join(","));
  set("zoom", lane.zoom && `${new Date(lane.zoom.from).toISOString()},${new Date(lane.zoom.to).toISOString()}`);
  set("open", openPanels().join(",") || undefined);
  set("compare", comparison.shown);
  set("why", why.shown);
  return address.href.replaceAll("%2C", ",").replaceAll("%3A", ":");
}, restore);

/** restore shows what the address says. */
function restore(): void {
  const said = new URLSearchParams(location.search);
  charts.become(said.get("s")?.split(",").filter(Boolean) ?? first);
  openAs((said.get("open") ?? "").split(","));
  const [from, to] = (said.get("zoom") ?? "").split(",").map((t) => Date.parse(t));
  const zoom = from !== undefined && to !== undefined && from < to ? { from, to } : undefined;
  if (zoom?.from !== lane.zoom?.from || zoom?.to !== lane.zoom?.to) lane.show(zoom);
  void comparison.show(said.get("compare") ?? undefined);
  void why.show(said.get("why") ?? undefined);
}

/** kept is told that something else is shown than before: links that lead to other ranges keep the choice of signals, those to copy all of it. */
function kept(): void {
  keep("s", charts.ids.join(","));
  keep("open", openPanels().join(","));
  const zoom = lane.zoom;
  keepCopied("zoom", zoom ? `${new Date(zoom.from).toISOString()},${new Date(zoom.to).toISOString()}` : "");
  trail.moved();
}

function reloadCharts(): void {
  reloaded = performance.now();
  zoomed = lane.zoom;
  charts.load();
}

function drawCharts(): void {
  lane.draw();
  // What was last observed holds for as long as the agent is heard.
  charts.draw((machine?.state === "no-link" && instant(machine.lastSeen)) || Infinity);
}

/** annotate shows on the charts what the lane has read, and what is usual. */
function annotate(): void {
  charts.annotate(lane.alarms, (...of) => usual.of(...of), (program) => lane.ran(program));
  showOnBars(usual);
}

/** wantUsual reads what is usual of what is shown. */
function wantUsual(): void {
  const bars = [...document.querySelectorAll<HTMLElement>("meter[data-now-bar]")].map((bar) => bar.dataset["nowBar"] ?? "");
  void usual.want([...new Set([...bars, ...charts.samples])], slot(root, "program")?.textContent ?? "");
}

document.addEventListener("click", (e) => {
  const a = (e.target as Element).closest<Element & { dataset: DOMStringMap }>("[data-cycle-from]");
  if (!a || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  lane.pick({ from: Date.parse(a.dataset["cycleFrom"] ?? ""), to: Date.parse(a.dataset["cycleTo"] ?? "") });
  byId("lane").scrollIntoView({ block: "nearest" });
});
document.addEventListener("click", (e) => {
  const program = (e.target as Element).closest<HTMLElement>("[data-compare]")?.dataset["compare"];
  if (program !== undefined) void comparison.open(program);
});
root.addEventListener("toggle", (e) => {
  if ((e.target as HTMLElement).dataset["panel"] !== undefined) kept();
}, true);

findRows();
charts.adopt();
const first = charts.ids;
void trail.arrive();
if (!lane.zoom) void lane.load();
lane.keepUp();
wantUsual();
setInterval(() => {
  if (document.hidden || lane.zoom || isOver()) return;
  reloadCharts();
  wantUsual();
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
