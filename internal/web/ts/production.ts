// The page of production: figures of a range that reaches now are read anew now and
// then, while the stream says that something happens.

import "./page";
import { up } from "./attention";
import { patch } from "./dom";
import { follow, readList } from "./live";
import { isLive } from "./range";
import type { Agent } from "./types";

/** How often a page that reaches now is read anew at most, in milliseconds. */
const EVERY_MS = 30_000;

let agents: Agent[] = [];

async function redraw(): Promise<void> {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return; // What is shown stands; it is tried again.
  const anew = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
  const main = document.getElementById("main");
  // What a reader is at is left alone.
  if (main && anew && !main.querySelector("details[open]")) patch(main, anew);
}

follow({
  address: "/api/v1/stream",
  every: EVERY_MS,
  machines: () => undefined,
  agents: (list: Agent[]) => {
    const names = new Set(list.map((a) => a.name));
    agents = [...agents.filter((a) => !names.has(a.name)), ...list];
  },
  expects: () => agents.some(up),
  reread: async () => {
    agents = await readList<Agent>("/api/v1/agents");
  },
  draw: () => {
    if (isLive()) void redraw().catch(() => undefined);
  },
});
