// An andon board: tiles that are read from afar. What is abnormal comes first; the
// pages turn by themselves.

import "./page";
import { keepShiftParts, type MachineParts } from "./aims";
import { fault, faultText, gravity, up } from "./attention";
import { instant, minuteText, now } from "./clock";
import { blank, byId, fill, glyph, put, set, slot } from "./dom";
import { measureText, UNKNOWN, wordText } from "./format";
import { follow, readList } from "./live";
import { ageText, layout } from "./tiles";
import type { Agent, Machine } from "./types";

/** How long a page stands. */
const PAGE_MS = 15_000;
/** How long a page of another version than the server's goes on. */
const RELOAD_MS = 30_000;

const list = byId("tiles");
const machines = new Map<string, Machine>();
const agents = new Map<string, Agent>();
const tiles = new Map<string, HTMLElement>();
/** The machines of this board; which they are is the server's to say. */
let wanted = new Set<string>();
let shiftParts = new Map<string, MachineParts>();
let complete = false;
let page = 0;
let paused = false;
let capacity = 1;

for (const tile of list.querySelectorAll<HTMLElement>(".tile")) tiles.set(tile.dataset["slug"] ?? "", tile);

async function reread(): Promise<void> {
  const address = `${location.pathname}.json`;
  const [board, all] = await Promise.all([fetch(address, { cache: "no-store" }), readList<Agent>("/api/v1/agents")]);
  if (!board.ok) throw new Error(`${address}: status ${board.status}`);
  const shown = (await board.json()) as Machine[];
  wanted = new Set(shown.map((m) => m.slug));
  machines.clear();
  agents.clear();
  for (const m of shown) machines.set(m.slug, m);
  for (const a of all) agents.set(a.name, a);
  complete = true;
}

/** size fits the tiles to the screen and the distance, and says how many there are on a page. */
function size(): void {
  const l = layout({
    distance: Number(list.dataset["distance"]), panel: Number(list.dataset["panel"]),
    screen: [Math.max(screen.width, innerWidth), Math.max(screen.height, innerHeight)], room: [list.clientWidth, innerHeight],
  }, list.children.length);
  capacity = l.columns * l.rows;
  const style = document.documentElement.style;
  style.setProperty("--type", `${l.type}px`);
  style.setProperty("--head", `${l.head}px`);
  style.setProperty("--columns", String(l.columns));
  style.setProperty("--rows", String(l.rows));
  list.dataset["cap"] = l.cap.toFixed(1);
  turn(0);
}

/** ordered gives the slugs as they are shown: what is grave first, of it the older. */
function ordered(): string[] {
  const places = [...machines.keys()];
  return places.sort((a, b) => {
    const m = machines.get(a) as Machine, n = machines.get(b) as Machine;
    const graver = gravity(n) - gravity(m);
    if (graver !== 0 || gravity(m) === 0) return graver;
    return (instant(m.since) ?? Infinity) - (instant(n.since) ?? Infinity) || 0;
  });
}

function draw(): void {
  if (!complete) return;
  for (const [slug, tile] of tiles) {
    if (machines.has(slug)) continue;
    tile.remove();
    tiles.delete(slug);
  }
  for (const m of machines.values()) drawTile(m);
  for (const count of document.querySelectorAll<HTMLElement>("#counts li")) {
    const n = [...machines.values()].filter((m) => m.state === count.dataset["state"]).length;
    fill(count, "count", String(n));
    count.toggleAttribute("data-none", n === 0);
  }
  const order = ordered();
  const came = order.length !== list.children.length;
  if (order.join(" ") !== [...list.children].map((t) => (t as HTMLElement).dataset["slug"]).join(" ")) {
    list.append(...order.map((slug) => tiles.get(slug) as HTMLElement));
  }
  if (came) size();
  else turn(0);
}

function drawTile(m: Machine): void {
  const tile = tiles.get(m.slug) ?? blank("blank-tile");
  tiles.set(m.slug, tile);
  set(tile, "slug", m.slug);
  set(tile, "state", m.state);
  set(tile.querySelector<HTMLElement>(".state"), "state", m.state);
  glyph(tile, m.state);
  fill(tile, "name", m.name);
  count(tile, m);
  fill(tile, "word", m.word);
  const failed = m.state === "no-link" ? undefined : fault(m);
  tile.toggleAttribute("data-fault", failed !== undefined);
  if (failed) fill(tile, "detail", faultText(failed));
  else if (m.state === "stopped" && m.execution) fill(tile, "detail", wordText(m.execution));
  else fill(tile, "detail", partsOf(m));
}

/** partsOf says what a machine has made in the shift, of how many; where nobody says how many, what its counter shows, whenever that began. */
function partsOf(m: Machine): string {
  const made = shiftParts.get(m.slug);
  if (made) return `${made.parts === null ? UNKNOWN : measureText(made.parts)} / ${measureText(made.target)}`;
  return m.parts === undefined ? "" : `counter ${measureText(m.parts)}`;
}

/** count shows how long a machine has been at it. */
function count(tile: HTMLElement, m: Machine): void {
  const since = instant(m.since);
  fill(tile, "figure", since === undefined ? "" : ageText(now() - since));
}

/** turn shows another page, or the same one anew. */
function turn(by: number): void {
  const all = [...list.children] as HTMLElement[];
  const pages = Math.max(1, Math.ceil(all.length / capacity));
  page = (((page + by) % pages) + pages) % pages;
  all.forEach((tile, i) => {
    tile.hidden = Math.floor(i / capacity) !== page;
    const name = slot(tile, "name");
    if (!tile.hidden && name) {
      name.classList.remove("long");
      name.classList.toggle("long", name.scrollWidth > name.clientWidth);
    }
  });
  put("board-page", `page ${page + 1} of ${pages}`);
}

function pause(): void {
  paused = !paused;
  const button = byId("board-pause");
  button.setAttribute("aria-pressed", String(paused));
  button.textContent = paused ? "Go on" : "Pause";
}

/** aged shows how old the data is where it is too old to go by. */
function aged(ms: number, stale: boolean): void {
  const old = byId("board-old");
  const seconds = Math.floor(ms / 1000);
  const text = `DATA ${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")} OLD`;
  if (stale && old.textContent !== text) old.textContent = text;
  if (old.hidden === stale) old.hidden = !stale;
  put("board-clock", minuteText(now()));
  for (const m of machines.values()) {
    const tile = tiles.get(m.slug);
    if (tile && !tile.hidden) count(tile, m);
  }
}

document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key === " " || e.key === "p") {
    if (e.key === " ") e.preventDefault();
    pause();
  } else if (e.key === "ArrowRight") turn(1);
  else if (e.key === "ArrowLeft") turn(-1);
});
byId("board-pause").addEventListener("click", pause);
// The space bar presses the button by itself, and the page hears of it above.
byId("board-pause").addEventListener("keyup", (e) => {
  if (e.key === " ") e.preventDefault();
});
window.addEventListener("resize", size);
setInterval(() => {
  if (!paused && !document.hidden) turn(1);
}, PAGE_MS);

/** keepAwake asks the system not to turn the screen off; it may refuse. */
function keepAwake(): void {
  if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => undefined);
}
document.addEventListener("visibilitychange", keepAwake);
keepAwake();

size();
keepShiftParts((parts) => {
  shiftParts = new Map(parts.shift ? parts.machines.map((m) => [m.machine, m]) : []);
  draw();
});
follow({
  address: "/api/v1/stream", every: 500,
  machines: (changed) => {
    for (const m of changed) if (wanted.has(m.slug)) machines.set(m.slug, m);
  },
  agents: (changed) => {
    for (const a of changed) agents.set(a.name, a);
  },
  expects: () => [...agents.values()].some(up),
  // A server of another version has other pages: this one is loaded anew, in a while,
  // for servers that are renewed one by one may answer by turns.
  greeted: (hello) => {
    if (hello.version && hello.version !== document.body.dataset["version"]) setTimeout(() => location.reload(), RELOAD_MS);
  },
  reread, draw, aged,
});
