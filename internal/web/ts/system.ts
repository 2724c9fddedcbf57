// The system: what the server draws, fetched again and again while somebody looks.

import "./page";
import { setNow } from "./clock";
import { byId, patch, put } from "./dom";
import { secondsText } from "./format";

/** How often the page is fetched. */
const EVERY_MS = 5_000;
/** What was fetched this long ago is stale: several attempts have failed. */
const STALE_MS = 15_000;
/** An answer that takes longer does not come: the server waits 2 s for what is away. */
const READ_MS = 10_000;

let tried = performance.now();
let fetched = tried;
let reading = false;
let failed = false;

async function reread(): Promise<void> {
  reading = true;
  tried = performance.now();
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(READ_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
    const system = drawn.getElementById("system");
    if (!system) throw new Error("this is not the page of the system");
    setNow(drawn.body.dataset["now"] ?? "");
    patch(byId("system"), system);
    fetched = performance.now();
    failed = false;
  } catch {
    failed = true; // The pill says so, and it is tried again.
  } finally {
    reading = false;
    mark();
  }
}

/** mark shows how old the page is. */
function mark(): void {
  const age = performance.now() - fetched;
  const stale = age > STALE_MS;
  document.body.classList.toggle("stale", stale);
  byId("live").dataset["link"] = stale ? "stale" : failed ? "connecting" : "polling";
  put("live-word", stale ? "stale" : failed ? "reconnecting…" : "polling");
  put("live-age", secondsText(age));
}

function tick(): void {
  if (document.hidden) return;
  mark();
  if (!reading && performance.now() - tried >= EVERY_MS) void reread();
}

setInterval(tick, 200);
document.addEventListener("visibilitychange", tick);
tick();
