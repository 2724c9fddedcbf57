// Keys of one letter: they can be switched off, which is remembered, and never act
// while somebody types.

import { byId } from "./dom";
import { openSearch } from "./search";
import { openTravel } from "./travel";

const KEY = "factorydash-keys";
/** How long the second key of two may take. */
const SECOND_MS = 1500;

/** The keys that lead to pages, in the order of the navigation: each is the first free letter of the page's word. */
const pages = new Map<string, { word: string; href: string }>();
let first = 0; // When g was pressed.

/** startKeys makes the keys work on a page that has the frame. */
export function startKeys(): void {
  const dialog = document.getElementById("keys") as HTMLDialogElement | null;
  if (!dialog) return;
  for (const a of document.querySelectorAll<HTMLAnchorElement>(".rail > a, .late a")) {
    const word = a.textContent?.trim() ?? "";
    const key = [...word.toLowerCase()].find((letter) => !pages.has(letter));
    if (!key) continue;
    pages.set(key, { word, href: a.href });
    a.title = `${word} (keys: g ${key})`;
  }
  list();
  const on = byId<HTMLInputElement>("keys-on");
  on.checked = isOn();
  on.addEventListener("change", () => remember(on.checked));
  byId("keys-open").addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (e) => press(e, dialog));
}

function list(): void {
  const rows = byId("keys-list");
  for (const [key, page] of pages) {
    const row = document.createElement("div");
    const keys = document.createElement("dt"), what = document.createElement("dd");
    keys.append(kbd("g"), " ", kbd(key));
    what.append(page.word);
    row.append(keys, what);
    rows.append(row);
  }
}

function kbd(key: string): HTMLElement {
  const e = document.createElement("kbd");
  e.textContent = key;
  return e;
}

function press(e: KeyboardEvent, dialog: HTMLDialogElement): void {
  if (!isOn() || e.ctrlKey || e.metaKey || e.altKey || e.isComposing || isTyping(e.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const second = performance.now() - first < SECOND_MS;
  first = 0;
  const page = second ? pages.get(e.key) : undefined;
  const step = second ? null : document.querySelector<HTMLAnchorElement>(`a[data-key="${CSS.escape(e.key)}"]`);
  if (page) location.href = page.href;
  else if (step) step.click();
  else if (e.key === "t" && !second) openTravel();
  else if (e.key === "?") dialog.showModal();
  else if (e.key === "/") openSearch();
  else if (e.key === "g") {
    first = performance.now();
    return;
  } else return;
  e.preventDefault();
}

/** isTyping reports whether a key belongs to the field that has the focus. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

function isOn(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true; // Storage is off.
  }
}

function remember(on: boolean): void {
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    // Storage is off: the choice does not outlive the page.
  }
}
