// The agents: how the reading of each goes.

import "./page";
import { away, up } from "./attention";
import { age, blank, byId, fill, glyph, retry, set, show, slot } from "./dom";
import { countText, damageText, delayText, durationText, linkWord, lostText, rateText, skewText, UNKNOWN } from "./format";
import { follow, readList } from "./live";
import { drawSkew } from "./skew";
import type { Agent } from "./types";

const agents = new Map<string, Agent>();

function take(list: Agent[]): void {
  for (const a of list) agents.set(a.name, a);
}

function expects(): boolean {
  return [...agents.values()].some(up);
}

async function reread(): Promise<void> {
  const list = await readList<Agent>("/api/v1/agents");
  agents.clear();
  take(list);
}

function draw(): void {
  const table = document.getElementById("agents");
  for (const a of agents.values()) {
    const row = document.querySelector<HTMLElement>(`[data-agent="${CSS.escape(a.name)}"]`) ?? newRow(table);
    if (row) drawAgent(row, a);
  }
  if (!table) return;
  table.hidden = agents.size === 0;
  byId("no-agents").hidden = agents.size > 0;
  for (const row of table.querySelectorAll<HTMLElement>("tr[data-agent]")) {
    if (!agents.has(row.dataset["agent"] ?? "")) row.remove();
  }
}

function newRow(table: HTMLElement | null): HTMLElement | undefined {
  const row = table ? blank("blank-agent") : undefined;
  if (row) table?.querySelector("tbody")?.append(row);
  return row;
}

function drawAgent(row: HTMLElement, a: Agent): void {
  set(row, "agent", a.name);
  row.toggleAttribute("data-away", away(a));
  fill(row, "name", a.name);
  if (slot(row, "name")?.tagName === "A") slot(row, "name")?.setAttribute("href", `/agents/${encodeURIComponent(a.name)}`);
  fill(row, "url", a.url);
  fill(row, "named", a.namedUrl ? `this process was started with ${a.namedUrl}; the agent was given another URL since, and is read from that: name one for it everywhere` : "");
  show(row, "named", Boolean(a.namedUrl));
  const link = row.querySelector<HTMLElement>(".link");
  set(link, "link", a.link);
  if (link) glyph(link, a.link);
  fill(row, "linkWord", linkWord(a.link));
  age(row, "since", a.since);
  fill(row, "error", a.error ?? "");
  show(row, "error", Boolean(a.error));
  retry(row, a.retry);
  row.toggleAttribute("data-damaged", Boolean(a.faults));
  fill(row, "faults", damageText(a.faults ?? 0));
  show(row, "faults", Boolean(a.faults));
  fill(row, "agentVersion", a.agentVersion || UNKNOWN);
  fill(row, "schemaVersion", a.schemaVersion ? `schema ${a.schemaVersion}` : "");
  fill(row, "instanceId", a.instanceId || UNKNOWN);
  fill(row, "next", a.next ? countText(a.next) : UNKNOWN);
  fill(row, "lag", a.lag === undefined ? UNKNOWN : countText(a.lag));
  fill(row, "machines", String(a.machines));
  fill(row, "bufferSize", a.bufferSize ? countText(a.bufferSize) : UNKNOWN);
  fill(row, "reconnects", countText(a.reconnects));
  fill(row, "horizon", a.horizonSeconds === undefined ? UNKNOWN : durationText(1000 * a.horizonSeconds));
  const used = slot(row, "used") as HTMLMeterElement | null;
  if (used) {
    used.hidden = !a.bufferSize;
    used.value = a.bufferSize ? (100 * (a.lag ?? 0)) / a.bufferSize : 0;
  }
  fill(row, "rate", rateText(a.rate));
  fill(row, "delayP95", a.delayP95Seconds === undefined ? UNKNOWN : delayText(1000 * a.delayP95Seconds));
  fill(row, "skew", a.skewSeconds === undefined ? UNKNOWN : skewText(1000 * a.skewSeconds));
  drawSkew(row, a);
  fill(row, "gaps", countText(a.gaps));
  fill(row, "lost", lostText(a.gaps, a.lost));
  age(row, "lastDocument", a.lastDocument, UNKNOWN);
}

follow({ address: "/api/v1/stream", every: 500, agents: take, expects, reread, draw });
