// The timeline: machines against time.

import "./page";
import { up } from "./attention";
import { asOf, now } from "./clock";
import { byId } from "./dom";
import { countText } from "./format";
import { listen } from "./laneinput";
import { type Lane, LaneField } from "./lanefield";
import { sentence, story, Tip } from "./lanetip";
import { follow, read, readList } from "./live";
import { hasEnded, isLive, moved, range, type Span } from "./range";
import { extend, firstAfter, type Plan } from "./segments";
import { drawTable } from "./shares";
import { hiddenStates, listenToFilters } from "./timelinefilter";
import type { Agent, Machine, Segment, TimelineRow } from "./types";
import { bounded, markZoomed } from "./zoom";

/** What is new is read no more often than this, and this far back: until then thresholds may still change it. */
const TAIL_MS = 1000;
const TAIL_BACK_MS = 120_000;
/** How often everything is read anew while the page is live, for the shares. */
const WHOLE_MS = 20_000;
/** A zoom reads finer data when it has come to rest for so long. */
const REST_MS = 150;
/** How soon lanes are read again where that failed. */
const RETRY_MS = 3000;
/** The longest that can be shown, in milliseconds; the API tells of up to 400 days. */
const LONGEST_MS = 373 * 24 * 3600 * 1000;

const table = document.querySelector<HTMLTableElement>("table.shares");
if (table) start(table);

function start(table: HTMLTableElement): void {
  const field = byId("field");
  const lanes = new LaneField(field, byId<HTMLCanvasElement>("canvas"), byId<HTMLCanvasElement>("axis"));
  const tip = new Tip(byId("tip"));
  const lines = new Map<string, HTMLTableRowElement>();
  for (const tr of table.querySelectorAll<HTMLTableRowElement>("tr[data-machine]")) lines.set(tr.dataset["machine"] ?? "", tr);
  const rows = new Map<string, TimelineRow>();
  const agents = new Map<string, Agent>();
  const states = new Map<string, string>();
  let zoomed = false;
  let missed = 0;
  let chosen: { machine: string; segment: Segment | undefined } | undefined;
  const isFollowing = (): boolean => isLive() && !zoomed;
  lanes.view = range();
  lanes.now = now();
  lanes.hidden = hiddenStates();

  // What is read.

  let asked = 0;
  async function load(span: Span): Promise<void> {
    const mine = ++asked;
    const columns = Math.max(4, Math.min(8000, Math.round(field.clientWidth * (window.devicePixelRatio || 1))));
    const got = await read<Plan>(address(span, columns));
    if (mine !== asked) return; // Something else has been asked for since.
    if (got.rows.some((r) => !lines.has(r.machine))) {
      location.reload(); // A machine has come.
      return;
    }
    rows.clear();
    for (const r of got.rows) rows.set(r.machine, r);
    lanes.shifts = got.shifts;
    lanes.scheduled = got.scheduled;
    lastWhole = performance.now();
    drawTable(table, rows);
    arrange();
    field.dataset["loaded"] = `${got.from} ${got.to}`;
  }

  function address(span: Span, columns: number): string {
    return `/timeline.json?${new URLSearchParams({ from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString(), columns: String(columns), ...asOf() })}`;
  }

  /** reread reads what is shown, and tries again while that fails. */
  let retry = 0;
  function reread(): void {
    clearTimeout(retry);
    const state = byId("lanes-state");
    load(lanes.view).then(() => {
      state.hidden = true;
    }, () => {
      state.hidden = false;
      state.textContent = "The lanes cannot be read now; trying again…";
      retry = setTimeout(reread, RETRY_MS);
    });
  }

  let lastTail = 0;
  let lastWhole = 0;
  let reading = false;
  async function tail(): Promise<void> {
    if (reading || !isFollowing() || rows.size === 0) return;
    reading = true;
    lastTail = performance.now();
    try {
      if (performance.now() - lastWhole > WHOLE_MS) {
        await load(lanes.view);
        return;
      }
      const from = Math.max(lanes.view.from, now() - TAIL_BACK_MS);
      const got = await read<Plan>(address({ from, to: now() + 1000 }, 0));
      for (const r of got.rows) {
        const row = rows.get(r.machine);
        if (row) row.segments = extend(row.segments, r.segments, Date.parse(got.from) * 1000);
      }
      for (const lane of lanes.lanes) lane.segments = rows.get(lane.machine)?.segments ?? []; // The next tick draws them.
    } catch {
      // The server is away: the pill says so, and it is tried again.
    } finally {
      reading = false;
    }
  }

  // What is drawn.

  /** arrange finds where the lanes are on the page. */
  function arrange(): void {
    const box = table.getBoundingClientRect();
    let left = 0;
    let width = 0;
    const list: Lane[] = [];
    for (const [machine, tr] of lines) {
      const cell = tr.cells[1];
      if (tr.hidden || !cell) continue;
      const b = cell.getBoundingClientRect();
      left = b.left - box.left;
      width = b.width;
      list.push({ machine, segments: rows.get(machine)?.segments ?? [], top: b.top - box.top, height: b.height });
    }
    if (width === 0) return; // The table is not laid out.
    field.style.left = `${left}px`;
    field.style.width = `${width}px`;
    field.style.height = `${box.height}px`;
    lanes.lanes = list;
    lanes.stacked = width > 0.9 * box.width;
    lanes.place(width, box.height);
  }

  let lastDraw = 0;
  function tick(): void {
    if (document.hidden) return;
    lanes.now = now();
    if (isFollowing()) {
      lanes.view = range();
      if (hasEnded()) location.reload(); // The next shift or day is the current one.
      if (performance.now() - lastTail > TAIL_MS * 10) void tail();
    }
    if (performance.now() - lastDraw < 500) return;
    lastDraw = performance.now();
    lanes.plan();
  }

  // How people move.

  let resting = 0;
  function zoom(to: Span): void {
    lanes.view = bounded(to, LONGEST_MS);
    zoomed = true;
    tip.hide();
    lanes.plan();
    paused();
    clearTimeout(resting);
    resting = setTimeout(() => {
      moved(lanes.view);
      links();
      reread();
    }, REST_MS);
  }

  function reset(): void {
    if (!zoomed) return;
    clearTimeout(resting);
    zoomed = false;
    missed = 0;
    lanes.view = range();
    lanes.now = now();
    moved(undefined);
    links();
    paused();
    lanes.plan();
    reread();
  }

  /** links lead to what is shown, in the page's other forms. */
  function links(): void {
    for (const [id, form] of [["as-csv", ".csv"], ["as-json", ".json"]] as const) {
      document.getElementById(id)?.setAttribute("href", `/timeline${form}${location.search}`);
    }
    markZoomed(zoomed);
  }

  function paused(): void {
    const e = byId("paused");
    const is = zoomed && isLive();
    if (e.hidden !== !is) e.hidden = !is;
    if (!is) return;
    if (!e.firstChild) {
      const resume = document.createElement("button");
      resume.type = "button";
      resume.className = "btn btn-sm btn-secondary";
      resume.textContent = "Resume";
      resume.addEventListener("click", () => {
        reset();
        field.focus();
      });
      e.append(document.createElement("span"), resume);
    }
    const text = `Live paused · +${countText(missed)} new · `;
    if (e.firstElementChild && e.firstElementChild.textContent !== text) e.firstElementChild.textContent = text;
  }

  const visit = (machine: string, ms: number): void => {
    location.href = `/m/${encodeURIComponent(machine)}?at=${new Date(Math.min(ms, now())).toISOString()}`;
  };

  function choose(machine: string, segment: Segment | undefined): void {
    chosen = { machine, segment };
    for (const [slug, tr] of lines) tr.toggleAttribute("data-chosen", slug === machine);
    const lane = lanes.lanes.find((l) => l.machine === machine);
    lines.get(machine)?.scrollIntoView({ block: "nearest" });
    const name = rows.get(machine)?.name ?? machine;
    if (!segment || !lane) {
      byId("lanes-said").textContent = name;
      tip.hide();
      return;
    }
    const told = story(name, segment, lanes.view.from);
    byId("lanes-said").textContent = sentence(told);
    tip.show(told, field.offsetLeft + Math.max(0, lanes.x(segment.from / 1000)), lane.top);
  }

  function step(machines: number, segments: number): boolean {
    const list = lanes.lanes;
    if (list.length === 0) return false;
    const i = list.findIndex((l) => l.machine === chosen?.machine);
    if (segments === 0) {
      const next = list[Math.max(0, Math.min(list.length - 1, i < 0 ? (machines > 0 ? 0 : list.length - 1) : i + machines))] as Lane;
      const at = chosen?.segment ? (chosen.segment.from + chosen.segment.to) / 2 : Math.min(lanes.view.to, lanes.now) * 1000 - 1;
      choose(next.machine, next.segments[Math.min(firstAfter(next.segments, at), next.segments.length - 1)]);
      return true;
    }
    const lane = list[i];
    if (!lane || !chosen?.segment) return false;
    const from = chosen.segment.from;
    let k = firstAfter(lane.segments, from);
    do k += segments;
    while (lane.segments[k] && lanes.hidden.has((lane.segments[k] as Segment).state));
    const next = lane.segments[k];
    if (next) choose(lane.machine, next);
    return true;
  }

  listen(field, byId("selection"), {
    zoom, reset, step,
    view: () => lanes.view,
    time: (x) => lanes.time(x),
    point(at) {
      const found = at && lanes.at(at.x, at.y);
      field.style.cursor = found?.segment ? "pointer" : "crosshair";
      if (!at || !found?.segment) {
        tip.hide();
        return;
      }
      const name = rows.get(found.lane.machine)?.name ?? found.lane.machine;
      tip.show(story(name, found.segment, lanes.view.from), field.offsetLeft + at.x, at.y);
    },
    open(at) {
      const found = at && lanes.at(at.x, at.y);
      if (at && found?.segment) visit(found.lane.machine, lanes.time(at.x));
      else if (!at && chosen) visit(chosen.machine, chosen.segment ? Math.max(chosen.segment.from / 1000, lanes.view.from) : lanes.view.to);
    },
    forget() {
      chosen = undefined;
      tip.hide();
      for (const tr of lines.values()) tr.removeAttribute("data-chosen");
    },
  });
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape") tip.hide();
  });

  listenToFilters(table, {
    rows() {
      links();
      drawTable(table, rows);
      arrange();
    },
    states(hidden) {
      links();
      lanes.hidden = hidden;
      lanes.plan();
    },
  });
  new ResizeObserver(arrange).observe(table);
  setInterval(tick, 500);
  document.addEventListener("visibilitychange", tick);
  arrange(); // What is read depends on how wide the lanes are.
  reread();

  let pending = 0;
  follow({
    address: "/api/v1/stream", every: 500,
    machines(list: Machine[]) {
      for (const m of list) {
        if (states.has(m.slug) && states.get(m.slug) !== m.state) missed++;
        states.set(m.slug, m.state);
      }
    },
    agents(list: Agent[]) {
      for (const a of list) agents.set(a.name, a);
    },
    expects: () => [...agents.values()].some(up),
    async reread() {
      const [machines, all] = await Promise.all([readList<Machine>("/api/v1/machines"), readList<Agent>("/api/v1/agents")]);
      for (const m of machines) states.set(m.slug, m.state);
      agents.clear();
      for (const a of all) agents.set(a.name, a);
    },
    draw() {
      if (!zoomed) missed = 0;
      paused();
      if (pending) return;
      pending = setTimeout(() => {
        pending = 0;
        void tail();
      }, Math.max(0, lastTail + TAIL_MS - performance.now()));
    },
  });
}
