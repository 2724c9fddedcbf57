// The page that explores data items: signals are chosen by typing and shown on one
// time axis. All of what is shown stands in the address.

import "./page";
import { up } from "./attention";
import { instant, now, preciseText } from "./clock";
import { byId, fill, put, slot } from "./dom";
import { countText, UNKNOWN } from "./format";
import { follow, read, readList } from "./live";
import { Lane } from "./signallane";
import { type Panel, RIGHT, LEFT } from "./panel";
import { Picker } from "./picker";
import { type Annotation, Plot } from "./plot";
import type { Mark } from "./points";
import { copy, fixed, isLive, keep, range, type Span } from "./range";
import { Signal } from "./signal";
import { statisticsRow } from "./statistics";
import { Strip } from "./strip";
import type { Agent, Item, ItemEntry, Machine, Values } from "./types";

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
/** The shortest range, in milliseconds. */
const SHORTEST = 1000;
/** By which part of the range the keys move it, and the cursor. */
const PAN = 0.25, STEP = 0.01;

const root = byId("explore"), plots = byId("plots");
const limit = Number(root.dataset["limit"]), points = Number(root.dataset["points"]), overlay = Number(root.dataset["overlay"]);
const signals: Signal[] = [];
const machines = new Map<string, Machine>();
const agents = new Map<string, Agent>();
const borders: Annotation[] = [...byId("borders").querySelectorAll("li")].map((li) => (
  { from: Number(li.dataset["at"]) / 1000, text: li.textContent, machine: "", level: "shift" }
));
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
  links();
  await Promise.all(reading);
  if (loaded !== span) return;
  if (signals.some((s) => s.read === "failed")) rest(RETRY_MS);
  if (!zoom) whole = signals.find((s) => !s.isLane && s.points.length > 0)?.marks(span.to) ?? [];
  arrange();
  for (const panel of panels) panel.loaded();
  draw();
  await Promise.all([summarize(span), alarms(span)]);
}

/** rest reads once what is shown has not been changed for a while. */
function rest(ms = REST_MS): void {
  clearTimeout(resting);
  resting = setTimeout(() => void load(), ms);
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

interface AlarmEntry {
  machine: string;
  level: string;
  nativeCode?: string;
  text?: string;
  raised: string;
  cleared?: string;
}

/** alarms marks what was raised on the machines that are shown. */
async function alarms(span: Span): Promise<void> {
  const marks = [...borders];
  const asked = new URLSearchParams({ from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString(), limit: "200" });
  const found = await Promise.allSettled([...new Set(signals.map((s) => s.machine))].map((machine) => (
    read<{ items: AlarmEntry[] }>(`/api/v1/alarms?machine=${encodeURIComponent(machine)}&${asked}`)
  )));
  if (loaded !== span) return;
  for (const answer of found) {
    if (answer.status !== "fulfilled") continue; // The charts are right without.
    for (const a of answer.value.items) {
      const from = instant(a.raised);
      if (from !== undefined) marks.push({ from, text: [a.nativeCode, a.text].filter(Boolean).join(" "), machine: a.machine, level: a.level === "Fault" ? "Fault" : "Warning" });
    }
  }
  for (const panel of panels) if (panel instanceof Plot) panel.annotate(marks);
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
  panels = wanted.map((list) => (list[0]?.isLane ? new Lane(plots, list[0], setZoom) : new Plot(plots, list, setZoom)));
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
  if (span) {
    const middle = (span.from + span.to) / 2, half = Math.max(SHORTEST, span.to - span.from) / 2;
    span = { from: Math.round(middle - half), to: Math.round(middle + half) };
  }
  if (!span) unseen = 0;
  zoom = span;
  address();
  draw();
  rest();
}

/** move moves or scales what is shown. */
function move(how: string): void {
  const { from, to } = view();
  const length = to - from, middle = from + length / 2;
  switch (how) {
    case "left":
      return setZoom({ from: from - PAN * length, to: to - PAN * length });
    case "right":
      return setZoom({ from: from + PAN * length, to: to + PAN * length });
    case "in":
      return setZoom({ from: middle - length / 4, to: middle + length / 4 });
    case "out":
      return setZoom({ from: middle - length, to: Math.min(middle + length, Math.max(range().to, now())) });
    case "reset":
      return setZoom(undefined);
  }
}

// The address, and the links that depend on it.

/** start is the address that the page had: it says the range. */
const start = new URL(location.href);

/** link gives the address of what is shown. */
function link(relative: boolean): string {
  const url = new URL(start);
  url.searchParams.delete("items");
  url.searchParams.set("layout", layout);
  const address = new URL(zoom ? withSpan(url, zoom) : relative ? url.href : withSpan(url, range()));
  // Commas are as good as they are, and are read more easily.
  const ids = signals.map((s) => s.id).join(",");
  return `${address.origin}${address.pathname}?items=${ids}&${address.searchParams}`;
}

function withSpan(url: URL, span: Span): string {
  const address = new URL(fixed(span));
  url.searchParams.delete("range");
  for (const name of ["from", "to"]) url.searchParams.set(name, address.searchParams.get(name) ?? "");
  return url.href;
}

/** address writes what is shown into the address and into what leads from there. */
function address(): void {
  history.replaceState(null, "", link(true));
  keep("items", signals.map((s) => s.id).join(","));
  keep("layout", layout);
  links();
}

function links(): void {
  const ids = signals.map((s) => s.id).join(",");
  const span = `from=${new Date(loaded.from).toISOString()}&to=${new Date(loaded.to).toISOString()}`;
  for (const [id, form] of [["shown-csv", "csv"], ["shown-json", "json"]] as const) {
    byId<HTMLAnchorElement>(id).href = `/explore.${form}?items=${ids}&layout=${layout}&${span}`;
  }
  const calls: string[] = [];
  for (const signal of signals) {
    calls.push(signal.call(loaded, points), signal.statisticsCall(loaded));
    const [raw, call] = [slot(signal.row, "raw"), slot(signal.row, "call")] as (HTMLAnchorElement | null)[];
    if (raw) raw.href = `/api/v1/items/${signal.id}/observations.csv?${span}`;
    if (call) {
      call.href = signal.call(loaded, points);
    }
  }
  byId("calls").replaceChildren(...calls.map((address) => {
    const li = document.createElement("li");
    const code = document.createElement("code");
    code.textContent = `GET ${decodeURIComponent(address)}`;
    li.append(code);
    return li;
  }));
}

// Which signals there are.

/** adopt takes the rows of the table of signals as they are. */
function adopt(): void {
  const rows = [...byId("signals").querySelectorAll<HTMLElement>("tr[data-item]")];
  const old = new Map(signals.map((s) => [s.id, s]));
  signals.splice(0, signals.length, ...rows.map((row) => {
    const known = old.get(row.dataset["item"] ?? "");
    if (known) known.row = row;
    return known ?? new Signal(row);
  }));
}

/** show shows other signals than before: the server draws their rows. */
async function show(ids: string[]): Promise<void> {
  const url = new URL(location.href);
  const answer = await fetch(`${url.pathname}?items=${ids.join(",")}`, { cache: "no-store" });
  if (!answer.ok) return put("pick-status", "The signal could not be added; try again.");
  const anew = new DOMParser().parseFromString(await answer.text(), "text/html");
  byId("signals").replaceChildren(...(anew.getElementById("signals")?.children ?? []));
  const before = watched();
  adopt();
  arrange();
  address();
  draw();
  void load();
  if (watched() !== before) following.reopen();
}

function watched(): string {
  return [...new Set(signals.map((s) => s.machine))].map((m) => `machine=${encodeURIComponent(m)}`).join("&");
}

const picker = byId<HTMLInputElement>("pick");
new Picker(picker, byId("found"), byId("pick-status"), (item: ItemEntry) => {
  const ids = signals.map((s) => s.id);
  if (ids.includes(String(item.id))) return put("pick-status", "That signal is shown already.");
  if (ids.length >= limit) return put("pick-status", `There are ${limit} signals: remove one first.`);
  void show([...ids, String(item.id)]);
});
byId("signals").addEventListener("click", (e) => {
  const id = (e.target as Element).closest("[data-act=remove]")?.closest<HTMLElement>("tr")?.dataset["item"];
  if (!id) return;
  picker.focus();
  void show(signals.map((s) => s.id).filter((other) => other !== id));
});
byId("layout").addEventListener("click", (e) => {
  const chosen = (e.target as Element).closest<HTMLElement>("[data-layout]")?.dataset["layout"];
  if (!chosen) return;
  layout = chosen;
  for (const b of byId("layout").querySelectorAll("button")) b.setAttribute("aria-pressed", String(b.dataset["layout"] === layout));
  arrange();
  address();
  draw();
  void load();
});

// Moving about.

for (const e of root.querySelectorAll<HTMLElement>("[data-move]")) e.addEventListener("click", () => move(e.dataset["move"] ?? ""));
plots.addEventListener("dblclick", () => move("reset"));
plots.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || !(e.target as Element).closest(".canvas")) return;
  const { from, to } = view();
  const side = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
  const how = { ArrowLeft: "left", ArrowRight: "right", "+": "in", "=": "in", "-": "out", "0": "reset" }[e.key];
  if (side && e.shiftKey) setCursor(Math.min(to, Math.max(from, (cursor ?? (from + to) / 2) + side * STEP * (to - from))));
  else if (e.key === "Escape") setCursor(undefined);
  else if (how) move(how);
  else return;
  e.preventDefault();
});
for (const event of ["pointermove", "pointerdown"] as const) {
  plots.addEventListener(event, (e) => {
    const box = (e.target as Element).closest(".canvas");
    const panel = panels.find((p) => p.box === box);
    if (panel) setCursor(panel.timeAt(e.clientX));
  });
}
plots.addEventListener("pointerleave", (e) => {
  if (e.pointerType === "mouse") setCursor(undefined);
});
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

adopt();
arrange();
links();
draw();
const following = follow({
  get address(): string {
    return `/api/v1/stream?${watched()}`;
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
setInterval(() => {
  if (!document.hidden && isFollowing()) void load();
}, RELOAD_MS);
// The time axis moves on where nothing changes.
setInterval(() => {
  if (!document.hidden && isFollowing() && performance.now() - drawn > EVERY_MS && view().to - view().from <= 3_600_000) draw();
}, 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && isFollowing()) void load();
});
document.documentElement.addEventListener("theme", draw);
new ResizeObserver(() => draw()).observe(byId("strip"));
