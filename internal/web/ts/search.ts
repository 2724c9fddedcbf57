// The search: machines and data items by words, as they are typed.

import { byId, put } from "./dom";
import { wordText } from "./format";
import { read, readList } from "./live";
import { atThen } from "./travel";
import type { Machine } from "./types";

/** How many machines and data items are offered. */
const MACHINES = 6;
const ITEMS = 8;
/** How long the keys have to rest until data items are asked for. */
const REST_MS = 150;

/** An entry of what was found. */
interface Found {
  text: string;
  place: string;
  href: string;
}

interface Item {
  machine: string;
  machineName: string;
  id: number;
  dataItemId: string;
  name?: string;
  type: string;
  subType?: string;
}

let machines: Machine[] = [];
let found: Found[] = [];
let chosen = -1;
let asked = 0;

/** openSearch opens the search with the focus in it. */
export function openSearch(): void {
  const dialog = document.getElementById("search") as HTMLDialogElement | null;
  if (!dialog || dialog.open) return;
  dialog.showModal();
  byId<HTMLInputElement>("search-text").select();
  void readList<Machine>("/api/v1/machines").then((all) => {
    machines = all;
    void search();
  }, () => put("search-none", "The machines could not be read. Try again in a while."));
}

/** startSearch makes the search work on a page that has the frame. */
export function startSearch(): void {
  const text = document.getElementById("search-text") as HTMLInputElement | null;
  if (!text) return;
  byId("search-open").addEventListener("click", openSearch);
  text.addEventListener("input", () => void search());
  text.addEventListener("keydown", (e) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") choose(chosen + (e.key === "ArrowDown" ? 1 : -1));
    else if (e.key === "Enter") open();
    else return;
    e.preventDefault();
  });
}

function open(): void {
  const entry = found[Math.max(0, chosen)];
  if (entry) location.href = atThen(entry.href);
}

/** search draws the machines that match at once, and the data items when they have been found. */
async function search(): Promise<void> {
  const text = byId<HTMLInputElement>("search-text").value.trim();
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const mine = ++asked;
  const matching = machines
    .filter((m) => words.every((w) => [m.name, m.slug, m.area, m.agent, m.manufacturer, m.model, m.program].join(" ").toLowerCase().includes(w)))
    .slice(0, MACHINES)
    .map((m) => ({ text: m.name, place: [m.word, m.area ?? m.agent].join(" · "), href: `/m/${encodeURIComponent(m.slug)}` }));
  draw(words.length ? matching : []);
  if (!words.length) {
    put("search-none", "Type to find a machine or one of its data items.");
    return;
  }
  await new Promise((rest) => setTimeout(rest, REST_MS));
  if (mine !== asked) return; // More has been typed.
  try {
    const page = await read<{ items: Item[] }>(`/api/v1/items?q=${encodeURIComponent(text)}&limit=${ITEMS}`);
    if (mine !== asked) return;
    draw([...matching, ...page.items.map(itemEntry)]);
    put("search-none", found.length ? `${found.length} found` : "Nothing is called that.");
  } catch {
    if (mine === asked) put("search-none", "The data items could not be read.");
  }
}

function itemEntry(item: Item): Found {
  const label = wordText(item.type) + (item.subType ? `, ${wordText(item.subType).toLowerCase()}` : "");
  return { text: label, place: `${item.machineName} · ${item.name || item.dataItemId}`, href: `/explore?items=${item.id}` };
}

function draw(entries: Found[]): void {
  found = entries;
  byId("search-list").replaceChildren(...entries.map((entry, i) => {
    const option = document.createElement("li");
    option.id = `found-${i}`;
    option.setAttribute("role", "option");
    option.append(entry.text, " ");
    const place = document.createElement("small");
    place.textContent = entry.place;
    option.append(place);
    option.addEventListener("mousedown", (e) => e.preventDefault()); // The focus stays in the field.
    option.addEventListener("click", () => {
      chosen = i;
      open();
    });
    return option;
  }));
  choose(-1);
}

/** choose marks an entry. */
function choose(i: number): void {
  const text = byId("search-text");
  chosen = found.length ? Math.max(-1, Math.min(i, found.length - 1)) : -1;
  text.setAttribute("aria-expanded", String(found.length > 0));
  if (chosen < 0) text.removeAttribute("aria-activedescendant");
  else text.setAttribute("aria-activedescendant", `found-${chosen}`);
  [...byId("search-list").children].forEach((option, n) => {
    option.setAttribute("aria-selected", String(n === chosen));
    if (n === chosen) option.scrollIntoView({ block: "nearest" });
  });
}
