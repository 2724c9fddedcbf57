// The lane of a machine's page: reads what the machine did, follows it live, and is
// zoomed, moved and asked. The charts of the page follow its view and its cursor.

import { type AlarmMark, leftText, readAlarms } from "./alarmmarks";
import { asOf, now, preciseText, then } from "./clock";
import { byId, put } from "./dom";
import { listen, type Moves } from "./laneinput";
import { type Lane, rowsOf } from "./lanerows";
import { read } from "./live";
import { isOver, type Span } from "./range";
import type { Segment, Shift, Timeline } from "./segments";
import { AXIS, type Hit, type Track, Tracks } from "./track";
import { hitOf, story, stretches, tableOf, withPlan } from "./trackstory";
import type { Item, Machine } from "./types";
import { bounded, markZoomed } from "./zoom";

/** How often everything is read anew, in milliseconds; what comes meanwhile is appended. */
const RELOAD_MS = 60_000;
/** How soon it is read where something changed that cannot be appended. */
const SOON_MS = 2000;
/** How long a zoom has to rest before it is read. */
const SETTLE_MS = 250;
/** No view is longer than the API tells of: 92 days. */
const LONGEST_MS = 92 * 86_400_000;
/** The least margin about a stretch of time that is picked. */
const MARGIN_MS = 1000;

/** Page is what a lane stands on. */
export interface Page {
  /** Gives the range of the page. */
  base(): Span;
  /** Is told that another part of it is shown, and that it was read anew. */
  viewed(): void;
  read(): void;
  /** Is told of the moment that is pointed at. */
  pointed(t: number | undefined): void;
  /** Is asked for the reasons of what was at a moment. */
  why(t: number): void;
}

export class MachineLane {
  private readonly tracks: Tracks;
  private readonly field = byId("tracks-field");
  private zoomed: Span | undefined;
  /** What came while the view stood still. */
  private missed = 0;
  /** Up to when is drawn what holds while the view stands still, in milliseconds. */
  private stood = 0;
  /** Since when the machine is in its state, in microseconds; undefined until it is known. */
  private since: number | undefined;
  private owners = new Map<string, Track>();
  private asked = 0;
  private drawn = 0;
  /** What is chosen by keys: a row and a stretch of it. */
  private row = 0;
  private chosen = -1;
  /** Up to when the machine is heard, in milliseconds. */
  private heard = 0;
  private planned = 0;
  private settle = 0;
  /** The alarms of what is shown. */
  alarms: readonly AlarmMark[] = [];

  /** paths is how many paths the machine has. */
  constructor(private readonly slug: string, private readonly paths: number, private readonly page: Page) {
    this.tracks = new Tracks(byId<HTMLCanvasElement>("tracks-canvas"));
    listen(this.field, byId("tracks-selection"), this.moves());
    byId("tracks-resume").addEventListener("click", () => this.show(undefined));
    byId("tracks-details").addEventListener("toggle", () => this.table());
  }

  /** view is what is shown, in milliseconds. */
  view(): Span {
    return this.zoomed ?? this.page.base();
  }

  /** zoom is the part that people chose; undefined where the whole range is shown. */
  get zoom(): Span | undefined {
    return this.zoomed;
  }

  /** ran gives when a program was run in what was read, or where none is given, when the machine was running. Times are milliseconds. */
  ran(program: string | undefined): Span[] {
    const spans: Span[] = [];
    for (const t of this.tracks.tracks) {
      const list = program === undefined ? (t.id === "state" ? t.states?.filter((s) => s.state === "running") : undefined) : t.id === "cycles" ? t.values?.filter((v) => v.value === program) : undefined;
      for (const s of list ?? []) spans.push({ from: s.from / 1000, to: s.open ? this.tracks.end : s.to / 1000 });
    }
    return spans;
  }

  /** load reads everything anew. */
  async load(): Promise<void> {
    const asked = ++this.asked;
    const view = this.view();
    // Of what is still to come it is known what is planned; but not at a moment of the past.
    const span = { from: view.from, to: then === undefined ? view.to : Math.max(view.from + 1, Math.min(view.to, then)) };
    const query = new URLSearchParams({ from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString(), columns: String(Math.max(200, Math.round(this.tracks.width))) });
    const machine = encodeURIComponent(this.slug);
    const [lane, timeline, paths, alarms] = await Promise.allSettled([
      read<Lane>(`/api/v1/machines/${machine}/lane?${query}`),
      read<Timeline>(`/api/v1/timeline?${new URLSearchParams({ ...Object.fromEntries(query), machine: this.slug, ...asOf() })}`),
      this.paths > 1 ? read<{ paths: { segments: Segment[] }[]; problem?: string }>(`/api/v1/machines/${machine}/paths?${query}`) : undefined,
      readAlarms(this.slug, span),
    ]);
    if (asked !== this.asked) return;
    if (lane.status === "rejected") {
      put("tracks-said", this.zoomed || then !== undefined ? "What the machine did could not be read." : "What the machine did could not be read. It is asked for again.");
      this.soon();
      this.page.read();
      return;
    }
    const missing = Object.entries({ states: timeline, "states of the paths": paths, alarms }).filter(([, answer]) => answer.status === "rejected").map(([name]) => name);
    const told = alarms.status === "fulfilled" ? alarms.value : undefined;
    const states = timeline.status === "fulfilled" ? timeline.value.rows[0] : undefined;
    const problems = [lane.value.problem, states?.problem, paths.status === "fulfilled" ? paths.value?.problem : undefined, told?.problem].filter(Boolean);
    put("tracks-said", [
      ...new Set(problems.map((problem) => `Not all could be told: ${problem}.`)),
      missing.length > 0 ? `The ${missing.join(" and the ")} of this range could not be read: they are not known here.` : "", leftText(told?.left ?? 0),
    ].filter(Boolean).join(" "));
    this.heard = lane.value.heard / 1000;
    this.stood = now();
    const rows = rowsOf({
      lane: lane.value, alarms: told,
      states: states?.segments,
      paths: paths.status === "fulfilled" ? paths.value?.paths.map((p) => p.segments) : undefined,
    });
    this.owners = rows.owners;
    this.alarms = told?.marks ?? [];
    Object.assign(this.tracks, { tracks: rows.tracks, whole: this.page.base(), shifts: lane.value.shifts, told: span });
    byId("tracks-plan").hidden = lane.value.shifts === undefined;
    this.names();
    this.draw(true);
    this.table();
    this.page.read();
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
    if (!row || Number.isNaN(t) || isOver()) return;
    if (this.zoomed) {
      this.missed++; // What comes is read when the view goes on.
      return;
    }
    if (!row.values) {
      this.soon();
      return;
    }
    const text = item.value === null || item.value === undefined ? null : String(item.value);
    const last = row.values[row.values.length - 1];
    if (last && (t <= last.since || last.value === text)) return;
    if (last?.open) Object.assign(last, { open: false, to: t, until: t });
    row.values.push({ from: t, to: t, since: t, until: 0, open: true, value: text, count: 1, ...(text === null && { reason: "unavailable" }) });
  }

  /** follow takes what the machine is doing now. */
  follow(m: Machine): void {
    const row = this.tracks.tracks.find((t) => t.id === "state");
    const last = row?.states?.[row.states.length - 1];
    const t = Date.parse(m.since ?? "") * 1000;
    this.heard = m.state === "no-link" ? Math.min(this.heard || Infinity, Date.parse(m.lastSeen ?? "") || Infinity) : Infinity;
    const isNew = this.since !== undefined && t > this.since;
    if (!Number.isNaN(t)) this.since = t;
    if (isOver()) return;
    if (this.zoomed) {
      if (isNew) this.missed++;
      return;
    }
    if (!row?.states || !last || Number.isNaN(t) || t <= (last.since ?? last.from) || (last.state === m.state && last.rule === m.rule)) return;
    if (last.open || last.to > t) Object.assign(last, { open: false, to: t, until: t });
    row.states.push({ from: t, to: t, since: t, open: true, state: m.state, ...(m.rule && { rule: m.rule }) });
    this.soon();
  }

  /** soon reads anew before long: what was appended is not all that changed. */
  soon(): void {
    if (this.planned || this.zoomed || then !== undefined) return;
    this.planned = setTimeout(() => {
      this.planned = 0;
      this.reload();
    }, SOON_MS);
  }

  /** keepUp reads anew now and then, and when the page is seen again, until the range is over. */
  keepUp(): void {
    const look = (): void => {
      if (!isOver()) this.reload();
    };
    setInterval(look, RELOAD_MS);
    document.addEventListener("visibilitychange", look);
  }

  /** reload reads anew where somebody looks and the view does not stand still. */
  private reload(): void {
    if (!document.hidden && !this.zoomed) void this.load();
  }

  /** draw draws what has changed, at most five times a second where it is not forced. */
  draw(forced = false): void {
    if (!forced && performance.now() - this.drawn < 200) return;
    this.drawn = performance.now();
    this.tracks.view = this.view();
    this.tracks.end = Math.min(this.zoomed ? this.stood : now(), this.heard || now());
    this.tracks.plan();
    byId("tracks-paused").hidden = !this.zoomed;
    put("tracks-paused-word", isOver() ? "A part of the range" : "Live paused");
    put("tracks-new", this.missed > 0 ? `+${this.missed} new` : "");
  }

  /** show shows a part of time, with something in it drawn strongly where that is given; without one the whole range, up to now. */
  show(span: Span | undefined, picked?: Span): void {
    this.set(span);
    this.tracks.picked = picked;
    void this.load();
  }

  private set(span: Span | undefined): void {
    if (!this.zoomed) this.stood = now();
    this.zoomed = span && bounded(span, LONGEST_MS);
    markZoomed(span !== undefined);
    if (!span) this.missed = 0;
    clearTimeout(this.settle);
    this.hideTip();
    this.draw(true);
    this.page.viewed();
  }

  private moves(): Moves {
    return {
      zoom: (to) => {
        this.set(to);
        this.settle = setTimeout(() => void this.load(), SETTLE_MS);
      },
      reset: () => this.show(undefined),
      point: (at) => this.point(at),
      open: (at) => {
        const hit = at ? this.tracks.at(at.x, at.y) : this.chosenHit();
        const alarm = hit?.alarms?.[0];
        if (alarm) location.href = alarm.href;
        else if (at || hit) this.page.why(at ? this.tracks.time(at.x) : ((hit?.state ?? hit?.value)?.from ?? 0) / 1000);
      },
      step: (rows, segments) => this.step(rows, segments),
      forget: () => {
        this.chosen = -1;
        this.hideTip();
        this.cursor(undefined);
      },
      view: () => this.view(),
      time: (x) => this.tracks.time(x),
    };
  }

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
    this.page.pointed(t);
  }

  private tip(hit: Hit, x: number, y: number): void {
    const at = this.tracks.time(x) * 1000;
    const lines = withPlan(story(hit, this.view().from * 1000, at), this.plan(at), at);
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

  /** plan gives the shifts where they are told of a moment, in microseconds. */
  private plan(t: number): readonly Shift[] | undefined {
    const { from, to } = this.tracks.told;
    return t >= from * 1000 && t < to * 1000 ? this.tracks.shifts : undefined;
  }

  private hideTip(): void {
    byId("tracks-tip").hidden = true;
  }

  private chosenHit(): Hit | undefined {
    const track = this.tracks.tracks[this.row];
    return track && this.chosen >= 0 ? hitOf(track, this.chosen) : undefined;
  }

  /** step chooses another row, or another stretch of it, by keys. */
  private step(rows: number, segments: number): boolean {
    const { tracks } = this.tracks;
    if (rows !== 0) {
      this.row = Math.max(0, Math.min(tracks.length - 1, this.chosen < 0 ? this.row : this.row + rows));
      this.chosen = 0;
    }
    const track = tracks[this.row];
    if (this.chosen < 0 || !track) return false;
    const list = stretches(track);
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
    const margin = Math.max(MARGIN_MS, (span.to - span.from) / 4);
    this.show({ from: span.from - margin, to: span.to + margin }, span);
  }

  /** table shows the rows as a table, where it is open. */
  private table(): void {
    if (byId<HTMLDetailsElement>("tracks-details").open) byId("tracks-table").replaceChildren(tableOf(this.tracks.tracks, this.tracks.shifts));
  }
}
