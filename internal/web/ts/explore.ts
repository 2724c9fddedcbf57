// The page that explores data items: signals are chosen by typing and shown on one
// time axis. All of what is shown stands in the address.

import "./page";
import { type AlarmMark, readAlarmsOf } from "./alarmmarks";
import { up } from "./attention";
import { instant, now, preciseText, then } from "./clock";
import { byId, fill, put } from "./dom";
import { Choice } from "./explorechoice";
import { drawLinks } from "./explorelinks";
import { listenTo } from "./exploremoves";
import { countText, UNKNOWN } from "./format";
import { follow, readList } from "./live";
import { type Panel, RIGHT, LEFT } from "./panel";
import { type Border, Plot } from "./plot";
import type { Mark } from "./points";
import { copy, fixed, isLive, keep, range, type Span } from "./range";
import type { Signal } from "./signal";
import { Lane } from "./signallane";
import { statisticsRow } from "./statistics";
import { Strip } from "./strip";
import { openAs, openPanels, Trail } from "./trail";
import type { Agent, Item, Machine, Values } from "./types";
import { bounded, markZoomed } from "./zoom";

/** How often points and statistics are read anew: the stream leaves some out. */
const RELOAD_MS = 60_000;
/** How often what comes is drawn, at most. */
const EVERY_MS = 500;
/** How long a zoom has to rest before its points are read. */
const REST_MS = 150;
/** How long it is waited after points could not be read, until they are asked for again. */
const RETRY_MS = 5_000;
/** Units that share a chart. */
const AXES = 2;
/** The longest that can be zoomed to: a year. */
const LONGEST_MS = 366 * 86_400_000;

const root = byId("explore"), plots = byId("plots");
const limit = Number(root.dataset["limit"]), points = Number(root.dataset["points"]), overlay = Number(root.dataset["overlay"]);
let streamed = "";
const choice = new Choice(limit, () => {
  refresh();
  if (watched() !== streamed) following.reopen();
});
const { signals } = choice;
const machines = new Map<string, Machine>();
const agents = new Map<string, Agent>();
const borders: Border[] = [...byId("borders").querySelectorAll("li")].map((li) => ({ at: Number(li.dataset["at"]) / 1000, name: li.textContent }));
let layout = root.dataset["layout"] ?? "stack";
let panels: Panel[] = [];
/** The part of the range that is shown; undefined for all of it. */
let zoom: Span | undefined;
/** The moment that is pointed at. */
let cursor: number | undefined;
/** How many observations came while the page was zoomed. */
let unseen = 0;
/** When it was drawn last. */
let drawn = 0;
/** What was read last. */
let loaded: Span = range();
/** The line of the whole range. */
let whole: Mark[] = [];
let resting = 0;
/** The panels that people opened: tables, and the calls of the API. */
let opened = (new URLSearchParams(location.search).get("open") ?? "").split(",");
/** The alarms of what is shown. */
let marks: AlarmMark[] = [];

/** view is what is shown. */
function view(): Span {
  return zoom ?? range();
}

/** isFollowing reports whether what comes is drawn. */
function isFollowing(): boolean {
  return isLive() && !zoom;
}

/** until is up to when what was last observed of a signal is known to hold. */
function until(signal: Signal): number {
  const machine = machines.get(signal.machine);
  const last = signal.points[signal.points.length - 1]?.[0] ?? 0;
  if (machine?.state !== "no-link") return Math.max(now(), last);
  return Math.max(instant(machine.lastSeen) ?? 0, last);
}

// Reading.

async function load(): Promise<void> {
  const span = view();
  loaded = span;
  const reading = signals.map((s) => s.load(span, points));
  drawLinks(signals, layout, span, points);
  await Promise.all(reading);
  if (loaded !== span) return;
  if (signals.some((s) => s.read === "failed")) rest(RETRY_MS);
  if (!zoom) whole = signals.find((s) => !s.isLane && s.points.length > 0)?.marks(span.to) ?? [];
  arrange();
  for (const panel of panels) panel.loaded();
  draw();
  await Promise.all([summarize(span), alarms(span)]);
}

/** rest reads once what is shown has not been changed for a while; a hidden page, once it is shown again. */
function rest(ms = REST_MS): void {
  clearTimeout(resting);
  resting = setTimeout(() => {
    if (!document.hidden) void load();
  }, ms);
}

async function summarize(span: Span): Promise<void> {
  const all = await Promise.allSettled(signals.map((s) => s.statistics(span)));
  if (loaded !== span) return;
  byId("statistics").replaceChildren(...signals.map((signal, i) => {
    const answer = all[i];
    return statisticsRow(signal, answer?.status === "fulfilled" ? answer.value : undefined);
  }));
  put("statistics-range", `${preciseText(span.from).slice(0, 19)} – ${preciseText(Math.min(span.to, now())).slice(0, 19)}`);
}

/** alarms marks what was raised on the machines that are shown. */
async function alarms(span: Span): Promise<void> {
  const found = await readAlarmsOf(choice.machines, span);
  if (loaded !== span) return;
  marks = found.marks;
  const problems = signals.filter((s) => s.problem).map((s) => `${s.name}: not all could be told: ${s.problem}.`);
  put("said", [...problems, ...found.said].join(" "));
  for (const panel of panels) panel.annotate(marks);
  draw();
}

// Drawing.

/** groups says which signals share a panel. */
function groups(): Signal[][] {
  const lines = signals.filter((s) => !s.isLane), lanes = signals.filter((s) => s.isLane);
  const together = layout === "overlay" && lines.length <= overlay;
  byId("many").hidden = layout !== "overlay" || together;
  if (!together) return signals.map((s) => [s]);
  const charts: Signal[][] = [];
  for (const line of lines) {
    const chart = charts.find((c) => c.some((s) => s.unit === line.unit)) ?? charts.find((c) => new Set(c.map((s) => s.unit)).size < AXES);
    if (chart) chart.push(line);
    else charts.push([line]);
  }
  return [...charts, ...lanes.map((s) => [s])];
}

/** arrange makes the panels, where others are needed than there are. */
function arrange(): void {
  const wanted = groups();
  root.dataset["layout"] = byId("many").hidden ? layout : "stack";
  const key = (list: readonly Signal[]): string => `${list.map((s) => s.id).join(",")}${list[0]?.isLane ? " lane" : ""}`;
  const is = panels.map((p) => key(p.signals) + (p instanceof Lane === Boolean(p.signals[0]?.isLane) ? "" : " other")).join(";");
  byId("none").hidden = signals.length > 0;
  byId("some").hidden = signals.length === 0;
  if (is === wanted.map(key).join(";") && panels.every((p) => p.signals.every((s) => signals.includes(s)))) return;
  for (const panel of panels) panel.destroy();
  panels = wanted.map((list) => (list[0]?.isLane ? new Lane(plots, list[0], setZoom) : new Plot(plots, list, borders, setZoom)));
  for (const panel of panels) panel.annotate(marks);
  openAs(opened);
}

function draw(): void {
  if (document.hidden) return;
  drawn = performance.now();
  const span = view();
  if (isFollowing()) for (const signal of signals) signal.trim(span.from);
  const right = panels.some((p) => new Set(p.signals.filter((s) => !s.isLane).map((s) => s.unit)).size > 1) ? LEFT : RIGHT;
  for (const panel of panels) panel.draw({ span, right, until });
  for (const signal of signals) signal.row.classList.toggle("of-words", signal.isLane);
  strip.draw(range(), span, whole, right);
  byId("strip").classList.toggle("zoomed", zoom !== undefined);
  markZoomed(zoom !== undefined);
  byId("paused").hidden = !zoom || !isLive();
  put("paused-word", `Live paused · +${countText(unseen)} new ·`);
  point();
}

/** point shows what was known at the cursor; what is known now where nothing is pointed at. */
function point(): void {
  for (const panel of panels) panel.point(cursor);
  const end = view().to;
  for (const signal of signals) {
    const t = cursor ?? Math.min(end, Math.max(now(), signal.points[signal.points.length - 1]?.[0] ?? 0));
    const value = signal.at(t, until(signal));
    fill(signal.row, "value", value ?? UNKNOWN);
  }
  const when = cursor ?? (isFollowing() ? undefined : Math.min(end, now()));
  put("cursor-word", when === undefined ? "values now; point at a chart for those of a moment" : `values at ${preciseText(when)}`);
}

/** setCursor points at a moment. */
function setCursor(t: number | undefined): void {
  cursor = t;
  point();
}

/** setZoom shows a part of the range, or all of it. */
function setZoom(span: Span | undefined): void {
  if (!span) unseen = 0;
  zoom = span && bounded(span, LONGEST_MS);
  draw();
  rest();
  trail.moved();
}

// The address, and the links that depend on it.

/** start is the address that the page had: it says the range. */
const start = new URL(location.href);

/** link gives the address of what is shown. */
function link(relative: boolean): string {
  const url = new URL(start);
  url.searchParams.delete("items");
  if (layout !== "stack" || url.searchParams.has("layout")) url.searchParams.set("layout", layout);
  if (openPanels().length > 0) url.searchParams.set("open", openPanels().join(","));
  else url.searchParams.delete("open");
  const address = new URL(zoom ? withSpan(url, zoom) : relative ? url.href : withSpan(url, range()));
  // Commas are as good as they are, and are read more easily.
  const ids = choice.ids.join(",");
  return `${address.origin}${address.pathname}?${[`items=${ids}`, String(address.searchParams)].filter(Boolean).join("&")}`;
}

function withSpan(url: URL, span: Span): string {
  const address = new URL(fixed(span));
  url.searchParams.delete("range");
  for (const name of ["from", "to"]) url.searchParams.set(name, address.searchParams.get(name) ?? "");
  return url.href;
}

const trail = new Trail(() => link(true), restore);

/** restore shows what the address says. */
async function restore(): Promise<void> {
  const said = new URLSearchParams(location.search);
  const of = (q: URLSearchParams): string => ["range", "from", "to"].map((name) => q.get(name)).join();
  const from = instant(said.get("from")), to = instant(said.get("to"));
  zoom = of(said) !== of(start.searchParams) && from !== undefined && to !== undefined ? { from, to } : undefined;
  if (!zoom) unseen = 0;
  setLayout(said.get("layout") ?? "stack");
  opened = (said.get("open") ?? "").split(",");
  openAs(opened);
  const ids = (said.get("items") ?? "").split(",").filter(Boolean);
  if (ids.join() !== choice.ids.join()) await choice.show(ids);
  arrange();
  draw();
  void load();
}

/** chosen is told that there are other signals or another layout than before. */
function chosen(): void {
  keep("items", choice.ids.join(","));
  keep("layout", layout);
  trail.moved();
}

/** watched is the machines that the stream tells of. */
function watched(): string {
  return choice.machines.map((m) => `machine=${encodeURIComponent(m)}`).join("&");
}

/** refresh shows other signals or another layout than before. */
function refresh(): void {
  arrange();
  chosen();
  draw();
  void load();
}

byId("layout").addEventListener("click", (e) => {
  const to = (e.target as Element).closest<HTMLElement>("[data-layout]")?.dataset["layout"];
  if (!to) return;
  setLayout(to);
  refresh();
});

function setLayout(to: string): void {
  layout = to;
  for (const b of byId("layout").querySelectorAll("button")) b.setAttribute("aria-pressed", String(b.dataset["layout"] === layout));
}

root.addEventListener("toggle", (e) => {
  if ((e.target as HTMLElement).dataset["panel"] === undefined) return;
  opened = openPanels();
  trail.moved();
}, true);

// Moving about.

const reset = (): void => setZoom(undefined);
byId("resume").addEventListener("click", reset);
listenTo(plots, { view, zoom: setZoom, reset, panels: () => panels, cursor: () => cursor, point: setCursor });
const strip = new Strip(byId("strip"), byId("window"), setZoom);

for (const button of root.querySelectorAll<HTMLElement>("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = link(button.dataset["copy"] === "relative");
    const done = await copy(text);
    button.focus();
    put("copied", done ? "Copied." : "It cannot be copied from here; take it from the field.");
    byId("link-row").hidden = false;
    byId<HTMLInputElement>("link").value = text;
  });
}

// Keeping live.

function takeItems(items: Item[]): void {
  for (const item of items) {
    const signal = signals.find((s) => s.id === String(item.id));
    if (!signal) continue;
    if (zoom) unseen++;
    else if (isLive()) signal.append(item);
  }
}

async function reread(): Promise<void> {
  const [machineList, agentList] = await Promise.all([readList<Machine>("/api/v1/machines"), readList<Agent>("/api/v1/agents")]);
  for (const m of machineList) machines.set(m.slug, m);
  for (const a of agentList) agents.set(a.name, a);
  if (isFollowing() || signals.some((s) => s.read !== "ready")) await load();
}

arrange();
openAs(opened);
drawLinks(signals, layout, loaded, points);
draw();
const following = follow({
  get address(): string {
    streamed = watched();
    return `/api/v1/stream?${streamed}`;
  },
  every: EVERY_MS,
  machines: (list: Machine[]) => {
    for (const m of list) machines.set(m.slug, m);
  },
  values: (v: Values) => takeItems(v.items),
  agents: (list: Agent[]) => {
    for (const a of list) agents.set(a.name, a);
  },
  expects: () => [...agents.values()].some(up),
  reread,
  draw: () => {
    if (isFollowing()) draw();
    else if (zoom && isLive()) put("paused-word", `Live paused · +${countText(unseen)} new ·`);
  },
});
if (then !== undefined) void load(); // There is nothing to follow.
setInterval(() => {
  if (!document.hidden && isFollowing()) void load();
}, RELOAD_MS);
// The time axis moves on where nothing changes.
setInterval(() => {
  if (!document.hidden && isFollowing() && performance.now() - drawn > EVERY_MS && view().to - view().from <= 3_600_000) draw();
}, 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && (isFollowing() || signals.some((s) => s.read === "failed"))) void load();
});
document.documentElement.addEventListener("theme", draw);
new ResizeObserver(() => draw()).observe(byId("strip"));
