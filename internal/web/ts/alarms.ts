// The alarms: the active ones as they come and go, and those of the range while that
// reaches now. Both are drawn by the server and fetched when something has changed.

import "./page";
import { up } from "./attention";
import { setNow } from "./clock";
import { byId, patch } from "./dom";
import { follow, readList } from "./live";
import { isLive } from "./range";
import { drawSkew } from "./skew";
import type { Agent, Machine } from "./types";

/** How often the history is fetched while its range reaches now. */
const HISTORY_MS = 15_000;
/** An answer that takes longer does not come. */
const READ_MS = 30_000;

let agents: Agent[] = [];
/** What was last told of each machine that bears on its alarms. */
const told = new Map<string, string>();
let changed = false;
let fetching = false;
let fetchedHistory = performance.now();

/** take notes whether alarms of a machine have come, changed or gone, or are not known any more. */
function take(list: Machine[]): void {
  for (const m of list) {
    const says = JSON.stringify([m.state === "no-link", m.conditions ?? []]);
    changed ||= told.get(m.slug) !== says;
    told.set(m.slug, says);
  }
}

/** drawn fetches a page and gives what it shows. */
async function drawn(address: URL): Promise<Document> {
  const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(READ_MS) });
  if (!answer.ok) throw new Error(`${address.pathname}: status ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  setNow(page.body.dataset["now"] ?? "");
  return page;
}

/** become makes a part of the page what it is on a page that was fetched. */
function become(page: Document, id: string): void {
  const part = page.getElementById(id);
  if (part) patch(byId(id), part);
}

async function readActive(): Promise<void> {
  const address = new URL("/alarms/active", location.href);
  const chosen = new URL(location.href).searchParams;
  for (const name of ["machine", "level", "q"]) {
    const value = chosen.get(name);
    if (value) address.searchParams.set(name, value);
  }
  become(await drawn(address), "active");
}

/** readHistory fetches the newest of the range, where that is what the page shows. */
async function readHistory(): Promise<void> {
  const address = new URL(location.href);
  if (!isLive() || !document.getElementById("history") || address.searchParams.has("after")) return;
  if (performance.now() - fetchedHistory < HISTORY_MS) return;
  fetchedHistory = performance.now();
  const page = await drawn(address);
  become(page, "history-list");
  become(page, "history-total");
}

async function reread(): Promise<void> {
  const [list, machines] = await Promise.all([readList<Agent>("/api/v1/agents"), readList<Machine>("/api/v1/machines"), readActive()]);
  agents = list;
  take(machines);
  changed = false;
}

function draw(): void {
  if (fetching) return;
  const active = changed;
  changed = false;
  fetching = true;
  Promise.all([active ? readActive() : undefined, readHistory()])
    .catch(() => (changed ||= active)) // The server is away, which the pill says: it is tried again.
    .finally(() => (fetching = false));
}

follow({
  address: "/api/v1/stream",
  every: 500,
  machines: take,
  agents: (list) => {
    for (const a of list) {
      agents = [...agents.filter((b) => b.name !== a.name), a];
      for (const row of document.querySelectorAll(`tr[data-agent="${CSS.escape(a.name)}"]`)) drawSkew(row, a);
    }
  },
  expects: () => agents.some(up),
  reread,
  draw,
});
