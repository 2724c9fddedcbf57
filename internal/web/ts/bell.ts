// The count of active alarms, on every page: it is read again and again while
// somebody looks. A change of the count is said politely, a new alarm at once, and
// once.

import { put } from "./dom";
import { wordText } from "./format";
import type { Alarm } from "./types";

/** How often it is read. */
const EVERY_MS = 3_000;
/** A request that has not been answered in this time has failed. */
const READ_MS = 10_000;

const bell = document.getElementById("bell");
let reading = false;
/** When the newest alarm was raised that is no news any more: one that remains as the newest when others end is none. */
let heard = Date.parse(bell?.dataset["newest"] || "") || 0;

interface Active {
  items: Alarm[];
  total: number;
  newest?: Alarm;
}

async function listen(): Promise<void> {
  if (!bell || reading || document.hidden) return;
  reading = true;
  try {
    const answer = await fetch("/api/v1/alarms?active=true&limit=1", {
      headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(READ_MS),
    });
    if (answer.ok) ring((await answer.json()) as Active);
  } catch {
    // The server is away: what was known stands, and it is tried again.
  } finally {
    reading = false;
  }
}

/** ring shows how many alarms are active, and says what is new. */
function ring(active: Active): void {
  if (!bell) return;
  const count = String(active.total);
  const words = active.total === 1 ? "active alarm" : "active alarms";
  const level = active.items[0]?.level ?? "";
  if (bell.dataset["count"] !== count) {
    bell.dataset["count"] = count;
    put("bell-said", `${count} ${words}`);
  }
  put("bell-count", count);
  put("bell-word", words);
  if ((bell.dataset["level"] ?? "") !== level) {
    if (level) bell.dataset["level"] = level;
    else delete bell.dataset["level"];
    bell.querySelector("use")?.setAttribute("href", `#glyph-${level || "Normal"}`);
  }
  const newest = active.newest;
  const raised = newest ? Date.parse(newest.raised) : heard;
  if (newest && raised > heard) {
    put("bell-new", `New ${newest.level} on ${newest.name}: ${newest.nativeCode ?? ""} ${newest.text || wordText(newest.type)}`);
    heard = raised;
  }
}

/** keepListening keeps the count. */
export function keepListening(): void {
  setInterval(() => void listen(), EVERY_MS);
  document.addEventListener("visibilitychange", () => void listen());
}
