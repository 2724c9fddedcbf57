// What needs somebody, and how much; the list of it: the same as in attention.go.

import { instant } from "./clock";
import { byId, fill, fillList, glyph, lasting, put, retry, set, show, slot } from "./dom";
import { causeText, countedText, linkWord, wordText } from "./format";
import type { Agent, Condition, Machine } from "./types";

/** How much somebody is needed where nothing is known, and where a fault does not stop a machine. */
const NO_LINK = 1;
const FAULT = 2;
const grave: Record<string, number> = { alarm: 4, stopped: 3, "no-link": NO_LINK };

/** gravity is how much somebody is needed at a machine; 0 where nobody is. */
export function gravity(m: Machine): number {
  return grave[m.state] ?? (fault(m) ? FAULT : 0);
}

/** fault is the oldest fault that is active on a machine. */
export function fault(m: Machine): Condition | undefined {
  return (m.conditions ?? []).filter((c) => c.level === "Fault").sort((a, b) => Date.parse(a.since) - Date.parse(b.since))[0];
}

/** faultText says what the fault is. */
export function faultText(c: Condition): string {
  return `${c.nativeCode ?? ""} ${c.text || wordText(c.type)}`.trim();
}

interface Entry {
  state: string;
  gravity: number;
  word: string;
  name: string;
  href: string;
  /** The address of the page that explains the state; empty for an agent. */
  reasons: string;
  since?: string | undefined;
  sinceBefore?: boolean | undefined;
  why: string;
  retry?: string | undefined;
  machines: number;
}

/** up reports whether observations arrive from an agent. */
export function up(a: Agent): boolean {
  return a.link === "streaming" || a.link === "polling" || a.link === "catching-up";
}

/** away reports whether an agent is away, and not merely being connected for the first time. */
export function away(a: Agent): boolean {
  return a.link === "down" || a.link === "waiting" || (a.link === "connecting" && Boolean(a.error));
}

/** drawAttention draws the list. */
export function drawAttention(machines: readonly Machine[], agents: readonly Agent[]): void {
  const gone = agents.filter(away);
  const names = new Set(gone.map((a) => a.name));
  const list: Entry[] = gone.map((a) => ({
    state: "no-link", gravity: NO_LINK, word: linkWord(a.link), name: `Agent ${a.name}`, href: `/agents/${encodeURIComponent(a.name)}`, reasons: "",
    since: a.since, why: causeText(a.error ?? ""), retry: a.retry, machines: a.machines,
  }));
  for (const m of machines) {
    const grave = gravity(m);
    if (!grave || (grave === NO_LINK && names.has(m.agent))) continue;
    const failed = grave === FAULT ? fault(m) : undefined;
    list.push({
      state: m.state, gravity: grave, word: failed ? `${m.word}, fault` : m.word, name: m.name, href: `/m/${encodeURIComponent(m.slug)}`,
      reasons: m.state === "no-link" ? "" : `/m/${encodeURIComponent(m.slug)}/why`,
      since: failed ? failed.since : m.since, sinceBefore: failed ? false : m.sinceBefore, why: reason(m), retry: m.retry, machines: 0,
    });
  }
  list.sort((a, b) => b.gravity - a.gravity || begin(a) - begin(b));
  fillList(byId("attention-list"), "blank-entry", list, drawEntry);
  put("attention-count", String(list.length));
  byId("attention-none").hidden = list.length > 0;
}

function begin(e: Entry): number {
  return instant(e.since) ?? Number.MAX_SAFE_INTEGER;
}

function reason(m: Machine): string {
  if (m.state === "no-link") return causeText(m.linkError ?? "");
  const parts: string[] = [];
  const c = fault(m);
  if (c) parts.push(faultText(c));
  else if (m.execution) parts.push(wordText(m.execution));
  if (m.program) parts.push(m.program);
  return parts.join(" · ");
}

function drawEntry(e: HTMLElement, entry: Entry): void {
  set(e, "state", entry.state);
  set(e.querySelector<HTMLElement>(".state"), "state", entry.state);
  glyph(e, entry.state);
  fill(e, "word", entry.word);
  fill(e, "name", entry.name);
  slot(e, "name")?.setAttribute("href", entry.href);
  slot(e, "reasons")?.setAttribute("href", entry.reasons);
  show(e, "reasons", entry.reasons !== "");
  lasting(e, entry.since, entry.sinceBefore);
  fill(e, "why", entry.why);
  fill(e, "machines", `${countedText(entry.machines, "machine")} unknown`);
  show(e, "machines", entry.machines > 0);
  retry(e, entry.retry);
}
