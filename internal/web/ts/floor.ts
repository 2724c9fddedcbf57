// The floor: a card per machine, the counts and the list of what needs somebody.

import "./page";
import { keepAiming } from "./aims";
import { drawAttention, up } from "./attention";
import { drawCard } from "./card";
import { blank, byId, fill, glyph, set, slot } from "./dom";
import { linkWord } from "./format";
import { Lanes } from "./lanes";
import { keepTelling } from "./lastshift";
import { follow, readList } from "./live";
import { drawSkew } from "./skew";
import type { Agent, Machine } from "./types";

const floor = byId("floor");
const machines = new Map<string, Machine>();
const agents = new Map<string, Agent>();
const cards = new Map<string, HTMLElement>();
const changed = new Set<string>();
let complete = false;

for (const card of floor.querySelectorAll<HTMLElement>(".machine")) cards.set(card.dataset["slug"] ?? "", card);

function take(list: Machine[]): void {
  for (const m of list) {
    machines.set(m.slug, m);
    changed.add(m.slug);
  }
}

function takeAgents(list: Agent[]): void {
  for (const a of list) agents.set(a.name, a);
}

function expects(): boolean {
  return [...agents.values()].some(up);
}

/** outdated reports whether an agent has more or fewer machines than the page has of it. */
function outdated(): boolean {
  const counts = new Map<string, number>();
  for (const m of machines.values()) counts.set(m.agent, (counts.get(m.agent) ?? 0) + 1);
  return complete && [...agents.values()].some((a) => a.machines !== (counts.get(a.name) ?? 0));
}

async function reread(): Promise<void> {
  const [allMachines, allAgents] = await Promise.all([readList<Machine>("/api/v1/machines"), readList<Agent>("/api/v1/agents")]);
  machines.clear();
  agents.clear();
  take(allMachines);
  takeAgents(allAgents);
  complete = true;
}

function draw(): void {
  if (!complete) return; // Not everything is known yet: what the server drew stands.
  for (const [slug, card] of cards) {
    if (machines.has(slug)) continue;
    card.remove();
    cards.delete(slug);
  }
  for (const slug of changed) {
    const m = machines.get(slug);
    if (m) drawCard(cards.get(slug) ?? newCard(m), m);
  }
  changed.clear();
  for (const [slug, card] of cards) drawSkew(card, agents.get(machines.get(slug)?.agent ?? ""));
  drawGroups();
  drawCounts();
  drawAttention([...machines.values()], [...agents.values()]);
  filter();
}

/** newCard adds the card of a machine that has come, at the end of its group. */
function newCard(m: Machine): HTMLElement {
  const card = blank("blank-card");
  cards.set(m.slug, card);
  slot(group(m), "cards")?.append(card);
  return card;
}

/** group gives the group of a machine: that of its area, or of its agent where nobody said where it stands. */
function group(m: Machine): HTMLElement {
  const key = m.area ? `area ${m.area}` : `agent ${m.agent}`;
  for (const g of floor.querySelectorAll<HTMLElement>(".group")) if (g.dataset["key"] === key) return g;
  const g = blank("blank-group");
  g.dataset["key"] = key;
  if (m.area) {
    g.dataset["agent"] = "";
    g.querySelector("h2")?.replaceChildren(m.area);
  } else {
    g.dataset["agent"] = m.agent;
    fill(g, "agent", m.agent);
    slot(g, "agent")?.setAttribute("href", `/agents/${encodeURIComponent(m.agent)}`);
  }
  floor.append(g);
  return g;
}

function drawGroups(): void {
  for (const g of floor.querySelectorAll<HTMLElement>(".group")) {
    const a = agents.get(g.dataset["agent"] ?? "");
    const link = g.querySelector<HTMLElement>(".link");
    if (!a || !link) continue;
    set(link, "link", a.link);
    glyph(link, a.link);
    fill(link, "linkWord", linkWord(a.link));
  }
  for (const id of ["no-agents", "no-machines"]) document.getElementById(id)?.toggleAttribute("hidden", machines.size > 0 || (id === "no-agents" && agents.size > 0));
}

function drawCounts(): void {
  for (const chip of document.querySelectorAll<HTMLElement>(".chip")) {
    let n = 0;
    for (const m of machines.values()) if (m.state === chip.dataset["state"]) n++;
    fill(chip, "count", String(n));
    chip.toggleAttribute("data-none", n === 0);
  }
}

// The filter stands in the address, so that it can be kept and sent on.

const query = byId<HTMLInputElement>("q");
const state = byId<HTMLInputElement>("state");
const view = byId<HTMLInputElement>("view");

function filter(): void {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  let any = false;
  for (const [slug, card] of cards) {
    const m = machines.get(slug);
    const text = m
      ? [m.name, m.agent, m.manufacturer, m.model, m.word, m.program].join(" ").toLowerCase()
      : (card.textContent ?? "").toLowerCase();
    card.hidden = (state.value !== "" && card.dataset["state"] !== state.value) || !words.every((w) => text.includes(w));
    any ||= !card.hidden;
  }
  for (const g of floor.querySelectorAll<HTMLElement>(".group")) g.hidden = !g.querySelector(".machine:not([hidden])");
  byId("no-match").hidden = any || cards.size === 0;
}

function address(): void {
  const params = new URLSearchParams(location.search);
  const put = (name: string, value: string): void => {
    if (value) params.set(name, value);
    else params.delete(name);
  };
  put("q", query.value.trim());
  put("state", state.value);
  put("view", view.value === "cards" ? "" : view.value);
  history.replaceState(null, "", params.size ? `?${params}` : location.pathname);
}

query.addEventListener("input", () => {
  address();
  filter();
});
byId<HTMLFormElement>("filter").addEventListener("submit", (e) => e.preventDefault());
byId("counts").addEventListener("click", (e) => {
  const chip = (e.target as Element).closest<HTMLElement>(".chip");
  if (!chip || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  const chosen = chip.dataset["state"] ?? "";
  state.value = state.value === chosen ? "" : chosen;
  for (const c of document.querySelectorAll<HTMLElement>(".chip")) {
    if (c.dataset["state"] === state.value) c.setAttribute("aria-current", "true");
    else c.removeAttribute("aria-current");
  }
  address();
  filter();
});
// The density is the style sheet's: all views have the same elements.

byId("views").addEventListener("click", (e) => {
  const chosen = (e.target as Element).closest<HTMLElement>("a[data-view]");
  if (!chosen || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  view.value = floor.dataset["view"] = chosen.dataset["view"] ?? "";
  for (const a of byId("views").querySelectorAll("a")) {
    if (a === chosen) a.setAttribute("aria-current", "true");
    else a.removeAttribute("aria-current");
  }
  address();
});

filter();
if (floor.hasAttribute("data-aims")) keepAiming(cards);
const lastShift = document.getElementById("last-shift");
if (lastShift) keepTelling(lastShift);
new Lanes(byId("overview"), (slug) => cards.get(slug)).start();
follow({ address: "/api/v1/stream", every: 250, machines: take, agents: takeAgents, expects, outdated, reread, draw });
