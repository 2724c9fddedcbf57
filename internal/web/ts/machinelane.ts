// The lane of a machine's page: reads what the machine did, follows it live, and is
// zoomed, moved and asked. The charts of the page follow its view and its cursor.

import { fullText, now, preciseText, then } from "./clock";
import { byId, put } from "./dom";
import { exactText, partsText, ruleText, wordText } from "./format";
import { listen, type Moves } from "./laneinput";
import { read } from "./live";
import type { Span } from "./range";
import { type Segment, type Timeline, wordOf } from "./segments";
import { type AlarmMark, AXIS, type Hit, type Parts, type Track, Tracks, type Value } from "./track";
import type { Item, Machine } from "./types";

interface LanePath {
  name?: string;
  program: Value[];
  tool: Value[];
  mode: Value[];
  execution: Value[];
  cycles: { from: number; to: number; open?: boolean; program: string | null; whole: boolean }[];
  items: Record<string, number>;
}

interface Lane {
  heard: number;
  paths: LanePath[];
  parts?: Parts & { item: number };
  gaps: { from: number; to: number; reason: string; lost: number | null }[];
}

interface AlarmEntry {
  machine: string;
  id: string;
  level: string;
  nativeCode?: string;
  text?: string;
  type: string;
  raised: string;
  cleared?: string;
}

/** How often everything is read anew, in milliseconds; what comes meanwhile is appended. */
const RELOAD_MS = 60_000;
/** No view is shorter than this. */
const LEAST_MS = 1000;
/** The heights of the rows, in CSS pixels. */
const HEIGHT = { state: 36, value: 26, alarms: 28, parts: 46 };

export class MachineLane {
  private readonly tracks: Tracks;
  private readonly field = byId("tracks-field");
  private zoomed: Span | undefined;
  /** What came while the view stood still. */
  private missed = 0;
  private readonly owners = new Map<string, Track>();
  private asked = 0;
  private drawn = 0;
  private chosen = -1;
  /** Up to when the machine is heard, in milliseconds. */
  private heard = 0;

  /** base gives the range of the page; moved is told when the view or the cursor is another one. */
  constructor(private readonly slug: string, private readonly base: () => Span, private readonly moved: (cursor?: number) => void) {
    this.tracks = new Tracks(byId<HTMLCanvasElement>("tracks-canvas"));
    listen(this.field, byId("tracks-selection"), this.moves());
    byId("tracks-resume").addEventListener("click", () => this.resume());
    byId("tracks-details").addEventListener("toggle", () => this.table());
  }

  /** view is what is shown, in milliseconds. */
  view(): Span {
    return this.zoomed ?? this.base();
  }

  /** paused reports whether the view stands still because people moved it. */
  paused(): boolean {
    return this.zoomed !== undefined;
  }

  /** load reads everything anew. */
  async load(): Promise<void> {
    const asked = ++this.asked;
    const view = this.view();
    const to = Math.min(view.to, now());
    const query = new URLSearchParams({
      from: new Date(view.from).toISOString(), to: new Date(Math.max(to, view.from + 1)).toISOString(), columns: String(Math.max(200, Math.round(this.tracks.width))),
    });
    const machine = encodeURIComponent(this.slug);
    const range = new URLSearchParams({ from: query.get("from") ?? "", to: query.get("to") ?? "", machine: this.slug, limit: "500" });
    const [lane, timeline, alarms] = await Promise.allSettled([
      read<Lane>(`/api/v1/machines/${machine}/lane?${query}`),
      read<Timeline>(`/api/v1/timeline?${query}&machine=${machine}`),
      read<{ items: AlarmEntry[] }>(`/api/v1/alarms?${range}`),
    ]);
    if (asked !== this.asked) return;
    if (lane.status === "rejected") {
      put("tracks-said", this.zoomed || then !== undefined ? "What the machine did could not be read." : "What the machine did could not be read. It is asked for again.");
      this.soon();
      return;
    }
    const missing = [timeline, alarms].map((answer, i) => (answer.status === "rejected" ? ["states", "alarms"][i] : "")).filter(Boolean);
    put("tracks-said", missing.length > 0 ? `The ${missing.join(" and the ")} of this range could not be read: they are not known here.` : "");
    const whole = this.base();
    this.heard = lane.value.heard / 1000;
    this.tracks.whole = whole;
    this.tracks.tracks = this.rows(
      lane.value, timeline.status === "fulfilled" ? timeline.value.rows[0]?.segments : undefined,
      alarms.status === "fulfilled" ? alarms.value.items : undefined,
    );
    this.names();
    this.draw(true);
    this.table();
  }

  private rows(lane: Lane, states: Segment[] | undefined, alarms: AlarmEntry[] | undefined): Track[] {
    const rows: Track[] = [];
    this.owners.clear();
    rows.push(states ? { id: "state", name: "State", height: HEIGHT.state, states } : { id: "unread", name: "State: not read", height: HEIGHT.state });
    for (const p of lane.paths) {
      const of = (name: string): string => (p.name ? `${name} ${p.name}` : name);
      const add = (id: string, name: string, values: Value[]): void => {
        const item = p.items[id];
        if (item === undefined) return;
        const row = { id, name: of(name), height: HEIGHT.value, values };
        rows.push(row);
        this.owners.set(String(item), row);
      };
      if (lane.paths.length > 1) add("execution", "Execution", p.execution);
      add("program", "Program", p.program);
      if (p.items["execution"] !== undefined) {
        const values = p.cycles.map((c) => ({ ...c, value: c.program ?? "—", since: c.from, until: c.open ? 0 : c.to, count: 1 }));
        rows.push({ id: "cycles", name: of("Cycles"), height: HEIGHT.value, values });
      }
      add("tool", "Tool", p.tool);
      add("mode", "Mode", p.mode);
    }
    const list: AlarmMark[] = (alarms ?? []).filter((a) => a.machine === this.slug).map((a) => ({
      from: Date.parse(a.raised) * 1000, to: (a.cleared ? Date.parse(a.cleared) : now()) * 1000, open: !a.cleared, level: a.level,
      text: [a.nativeCode, a.text || wordText(a.type)].filter(Boolean).join(" "), href: `/alarms/${encodeURIComponent(a.id)}`,
    }));
    list.sort((a, b) => a.from - b.from);
    rows.push({ id: "alarms", name: alarms ? "Alarms" : "Alarms: not read", height: HEIGHT.alarms, alarms: list });
    if (lane.parts) {
      const row = { id: "parts", name: partsText(lane.parts.made[lane.parts.made.length - 1]?.[1] ?? 0, lane.parts.target), height: HEIGHT.parts, parts: lane.parts };
      rows.push(row);
      this.owners.set(String(lane.parts.item), row);
    }
    return rows;
  }

  private names(): void {
    const names = byId("tracks-names");
    names.replaceChildren(...this.tracks.tracks.map((t) => {
      const e = document.createElement("span");
      e.textContent = t.name;
      e.title = t.name;
      e.style.height = `${t.height}px`;
      return e;
    }));
    names.style.paddingTop = `${AXIS}px`;
  }

  /** append takes what has just been observed of a data item. */
  append(item: Item): void {
    const row = this.owners.get(String(item.id));
    const t = Date.parse(item.time ?? "") * 1000;
    if (!row || Number.isNaN(t)) return;
    if (this.zoomed) {
      this.missed++; // What comes is read when the view goes on.
      return;
    }
    if (row.parts) {
      void this.soon();
      return;
    }
    const text = item.value === null || item.value === undefined ? null : String(item.value);
    const last = row.values?.[row.values.length - 1];
    if (!row.values || (last && (t <= last.since || last.value === text))) return;
    if (last?.open) Object.assign(last, { open: false, to: t, until: t });
    row.values.push({ from: t, to: t, since: t, until: 0, open: true, value: text, count: 1, ...(text === null && { reason: "unavailable" }) });
  }

  /** follow takes what the machine is doing now. */
  follow(m: Machine): void {
    const row = this.tracks.tracks.find((t) => t.id === "state");
    const last = row?.states?.[row.states.length - 1];
    const t = Date.parse(m.since ?? "") * 1000;
    this.heard = m.state === "no-link" ? Math.min(this.heard || Infinity, Date.parse(m.lastSeen ?? "") || Infinity) : Infinity;
    if (!row?.states || !last || Number.isNaN(t) || t <= (last.since ?? last.from) || (last.state === m.state && last.rule === m.rule)) return;
    if (this.zoomed) this.missed++;
    if (last.open || last.to > t) Object.assign(last, { open: false, to: t, until: t });
    row.states.push({ from: t, to: t, since: t, open: true, state: m.state, ...(m.rule && { rule: m.rule }) });
    void this.soon();
  }

  private planned = 0;
  /** soon reads anew before long: what was appended is not all that changed. */
  private soon(): void {
    if (this.planned || this.zoomed || then !== undefined) return;
    this.planned = setTimeout(() => {
      this.planned = 0;
      void this.load();
    }, 2000);
  }

  /** keepUp reads anew now and then. */
  keepUp(): void {
    if (then !== undefined) return;
    setInterval(() => {
      if (!document.hidden && !this.zoomed) void this.load();
    }, RELOAD_MS);
  }

  /** draw draws what has changed, at most five times a second where it is not forced. */
  draw(forced = false): void {
    if (!forced && performance.now() - this.drawn < 200) return;
    this.drawn = performance.now();
    this.tracks.view = this.view();
    this.tracks.end = Math.min(now(), this.heard || now());
    this.tracks.plan();
    byId("tracks-paused").hidden = !this.zoomed;
    put("tracks-new", this.missed > 0 ? `+${this.missed} new` : "");
  }

  /** resume goes back to the range and to now. */
  resume(): void {
    this.zoomed = undefined;
    this.missed = 0;
    this.tracks.picked = undefined;
    this.changed();
  }

  private changed(): void {
    this.draw(true);
    this.moved();
    void this.load();
  }

  private moves(): Moves {
    return {
      zoom: (to) => {
        if (to.to - to.from < LEAST_MS) {
          const middle = (to.from + to.to) / 2;
          to = { from: middle - LEAST_MS / 2, to: middle + LEAST_MS / 2 };
        }
        this.zoomed = to;
        this.hideTip();
        this.draw(true);
        this.moved();
        clearTimeout(this.settle);
        this.settle = setTimeout(() => void this.load(), 250);
      },
      reset: () => this.resume(),
      point: (at) => this.point(at),
      open: (at) => {
        const hit = at ? this.tracks.at(at.x, at.y) : this.chosenHit();
        if (hit?.alarm) location.href = hit.alarm.href;
        else if (at || hit) this.why?.(at ? this.tracks.time(at.x) : ((hit?.state ?? hit?.value)?.from ?? 0) / 1000);
      },
      step: (machines, segments) => this.step(machines, segments),
      forget: () => {
        this.chosen = -1;
        this.hideTip();
        this.cursor(undefined);
      },
      view: () => this.view(),
      time: (x) => this.tracks.time(x),
    };
  }

  private settle = 0;
  /** why is asked for the reasons of what was at a moment, in milliseconds. */
  why: ((at: number) => void) | undefined;

  private point(at: { x: number; y: number } | undefined): void {
    if (!at) {
      this.hideTip();
      this.cursor(undefined);
      return;
    }
    this.cursor(this.tracks.time(at.x));
    const hit = this.tracks.at(at.x, at.y);
    if (hit) this.tip(hit, at.x, at.y);
    else this.hideTip();
  }

  /** cursor shows a moment on all that follows the lane. */
  cursor(t: number | undefined): void {
    const line = byId("tracks-cursor");
    const x = t === undefined ? -1 : this.tracks.x(t);
    line.hidden = t === undefined || x < 0 || x > this.tracks.width;
    if (!line.hidden) line.style.left = `${x}px`;
    put("tracks-time", t === undefined ? "" : preciseText(t));
    this.moved(t);
  }

  private tip(hit: Hit, x: number, y: number): void {
    const lines = story(hit, this.view().from * 1000, this.tracks.time(x) * 1000);
    const tip = byId("tracks-tip");
    if (lines.length === 0) {
      this.hideTip();
      return;
    }
    tip.replaceChildren(...lines.map((text, i) => {
      const p = document.createElement(i === 0 ? "b" : "p");
      p.textContent = text;
      return p;
    }));
    tip.hidden = false;
    const room = tip.parentElement?.clientWidth ?? 0;
    const left = x + this.field.offsetLeft + 14;
    tip.style.left = `${Math.max(0, Math.min(left, room - tip.offsetWidth))}px`;
    tip.style.top = `${y + 22}px`;
  }

  private hideTip(): void {
    byId("tracks-tip").hidden = true;
  }

  private row = 0;
  private chosenHit(): Hit | undefined {
    const track = this.tracks.tracks[this.row];
    if (!track || this.chosen < 0) return undefined;
    const state = track.states?.[this.chosen], value = track.values?.[this.chosen], alarm = track.alarms?.[this.chosen];
    return { track, ...(state && { state }), ...(value && { value }), ...(alarm && { alarm }) };
  }

  /** step chooses another row, or another stretch of it, by keys. */
  private step(rows: number, segments: number): boolean {
    const { tracks } = this.tracks;
    if (rows !== 0) {
      this.row = this.chosen < 0 ? Math.max(0, Math.min(tracks.length - 1, this.row)) : Math.max(0, Math.min(tracks.length - 1, this.row + rows));
      this.chosen = 0;
    }
    const track = tracks[this.row];
    const list: readonly { from: number; to: number }[] = track?.states ?? track?.values ?? track?.alarms ?? [];
    if (this.chosen < 0 || !track) return false;
    const { from, to } = this.view();
    if (rows !== 0) this.chosen = Math.max(0, list.findLastIndex((s) => s.from / 1000 <= to && s.to / 1000 >= from));
    this.chosen = Math.max(0, Math.min(list.length - 1, this.chosen + segments));
    const s = list[this.chosen];
    const hit = this.chosenHit();
    if (!s || !hit) {
      put("tracks-status", `${track.name}: nothing`);
      return true;
    }
    const t = Math.max(from, Math.min(to, s.from / 1000));
    this.cursor(t);
    const y = AXIS + tracks.slice(0, this.row).reduce((sum, r) => sum + r.height, 0);
    this.tip(hit, this.tracks.x(t), y + 8);
    put("tracks-status", [track.name, ...story(hit, from * 1000, s.from)].join(", "));
    return true;
  }

  /** pick shows a stretch of time, such as a cycle, with a margin about it. */
  pick(span: Span): void {
    const margin = Math.max(LEAST_MS, (span.to - span.from) / 4);
    this.zoomed = { from: span.from - margin, to: span.to + margin };
    this.tracks.picked = span;
    this.changed();
  }

  /** table shows the rows as a table, where it is open. */
  private table(): void {
    const details = byId<HTMLDetailsElement>("tracks-details");
    if (!details.open) return;
    const t = document.createElement("table");
    t.className = "records";
    const head = t.createTHead().insertRow();
    for (const name of ["Track", "From", "Until", "Length", "What"]) {
      const th = document.createElement("th");
      th.scope = "col";
      th.textContent = name;
      head.append(th);
    }
    const body = t.createTBody();
    for (const track of this.tracks.tracks) {
      const list: readonly { from: number; to: number }[] = track.states ?? track.values ?? track.alarms ?? [];
      for (const [i, s] of list.slice(-100).entries()) {
        const at = list.length - Math.min(100, list.length) + i;
        const state = track.states?.[at], value = track.values?.[at], alarm = track.alarms?.[at];
        const what = story({ track, ...(state && { state }), ...(value && { value }), ...(alarm && { alarm }) }, 0, s.from)[0] ?? "";
        const open = Boolean((s as { open?: boolean }).open);
        const row = body.insertRow();
        for (const text of [track.name, preciseText(s.from / 1000), open ? "lasts" : preciseText(s.to / 1000), exactText((open ? now() * 1000 : s.to) - s.from), what]) row.insertCell().textContent = text;
      }
    }
    byId("tracks-table").replaceChildren(t);
  }
}

/** story tells of what is at a place: all of it, be it longer than what is shown. */
function story(hit: Hit, from: number, at: number): string[] {
  const when = (s: { from: number; to: number; since?: number; until?: number; open?: boolean }): string[] => {
    const begin = s.since || s.from, end = s.until || (s.open ? now() * 1000 : s.to);
    const before = begin < from ? `, since before ${preciseText(from / 1000)}` : "";
    return [`${preciseText(begin / 1000)}${before} – ${s.open ? "lasts" : preciseText(end / 1000)}`, exactText(end - begin)];
  };
  const { state, value, alarm, track } = hit;
  if (state) {
    const several = (state.count ?? 1) > 1;
    const word = several ? `${state.count} intervals, ${wordOf(state)} the gravest` : wordOf(state);
    return [word, ...when(several ? { from: state.from, to: state.to } : state), ...(state.rule ? [ruleText(state.rule)] : []), ...(state.detail ? [state.detail] : [])];
  }
  if (value) {
    const reasons: Record<string, string> = { gap: "Not known: a gap", restart: "Not known: the agent restarted" };
    const word = value.value === null ? reasons[value.reason ?? ""] ?? "Unavailable" : value.count > 1 ? `${value.count} values, each too short to be seen` : value.value;
    return [`${track.name}: ${track.id === "mode" || track.id === "execution" ? wordText(word) : word}`, ...when(value)];
  }
  if (alarm) return [`${alarm.level}: ${alarm.text}`, ...when(alarm)];
  if (track.parts) {
    const made = track.parts.made.findLast(([t]) => t <= at)?.[1] ?? 0;
    return [`${partsText(made, track.parts.target)} at ${fullText(at / 1000)}`];
  }
  return [];
}

