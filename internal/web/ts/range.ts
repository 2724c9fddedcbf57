// The range of time that a page shows. The server draws it and it works without
// this; here links are copied, and the page is told what the range is.

import { clockText, instant, now, preciseText, then } from "./clock";
import { closeOutside } from "./dom";

/** Span is a stretch of time in milliseconds. */
export interface Span {
  from: number;
  to: number;
}

const root = document.getElementById("range");

/** A range such as 8h moves with the clock; one of a shift or a day does not. */
const moves = /^\d+[smhd]$/.test(root?.dataset["name"] ?? "");

/** isLive reports whether the range reaches now, and is to be followed. */
export function isLive(): boolean {
  return root?.hasAttribute("data-live") ?? false;
}

/** range gives the stretch of time that was chosen, moved with the clock where it is one that moves. */
export function range(): Span {
  const from = instant(root?.dataset["from"]) ?? 0;
  const to = instant(root?.dataset["to"]) ?? 0;
  const moved = moves ? now() - to : 0;
  return { from: from + moved, to: to + moved };
}

/** hasEnded reports whether the range is over, as a shift is that was on when the page was drawn: for longer than a margin, in milliseconds. */
export function hasEnded(margin = 0): boolean {
  return !moves && now() > (instant(root?.dataset["to"]) ?? Infinity) + margin;
}

/** For how long after its end something may still come of a range, in milliseconds. */
const SETTLED_MS = 120_000;

/** isOver reports whether nothing comes of the range any more: it ended a while ago, or the page is of a moment of the past. */
export function isOver(): boolean {
  return then !== undefined || hasEnded(SETTLED_MS);
}

const label = document.querySelector<HTMLElement>("#range-label .num");
const drawn = { label: label?.textContent ?? "", address: location.search };

/** moved tells the picker that the page shows another stretch of time: its address is that from now on. Without one it is the range that was chosen again. */
export function moved(span: Span | undefined): void {
  const address = span ? fixed(span) : back();
  history.replaceState(null, "", address);
  if (label) label.textContent = span ? `${clockText(span.from)} – ${clockText(span.to)}` : drawn.label;
  const ends = document.getElementById("range-ends") as HTMLFormElement | null;
  if (!ends || !span) return;
  for (const [name, t] of [["from", span.from], ["to", span.to]] as const) {
    const input = ends.elements.namedItem(name) as HTMLInputElement | null;
    if (input) input.value = preciseText(t).slice(0, 19);
  }
}

/** back gives the address with the range that was chosen and everything else as it is now. */
function back(): string {
  const address = new URL(location.href);
  const first = new URLSearchParams(drawn.address);
  for (const name of ["range", "from", "to"]) {
    const value = first.get(name);
    if (value === null) address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  return address.href;
}

/** fixed gives the address of this page for another stretch of time. */
export function fixed(span: Span): string {
  const address = new URL(location.href);
  address.searchParams.delete("range");
  address.searchParams.set("from", new Date(span.from).toISOString());
  address.searchParams.set("to", new Date(span.to).toISOString());
  return address.href;
}

/** keep takes a parameter into the links and forms of the picker, as it stands in the address; an empty one is taken out. */
export function keep(name: string, value: string): void {
  for (const a of root?.querySelectorAll<HTMLAnchorElement>("a[href]") ?? []) keepIn(a, name, value);
  for (const form of root?.querySelectorAll("form") ?? []) {
    form.querySelector(`input[type="hidden"][name="${name}"]`)?.remove();
    if (!value) continue;
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
}

/** keepCopied takes a parameter into the links to copy alone; an empty one is taken out. */
export function keepCopied(name: string, value: string): void {
  for (const a of root?.querySelectorAll<HTMLAnchorElement>("a[data-copy]") ?? []) keepIn(a, name, value);
}

function keepIn(a: HTMLAnchorElement, name: string, value: string): void {
  const address = new URL(a.href);
  if (value) address.searchParams.set(name, value);
  else address.searchParams.delete(name);
  a.href = address.search;
}

/** copy puts a text on the clipboard, over plain HTTP too, where browsers have no better way. */
export async function copy(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // It was not allowed: the other way may be.
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

function start(): void {
  const menu = document.getElementById("range-menu") as HTMLDetailsElement | null;
  if (!root || !menu) return;
  const said = document.getElementById("range-copied");
  root.addEventListener("click", async (e) => {
    const link = (e.target as Element).closest<HTMLAnchorElement>("a[data-copy]");
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    const done = await copy(link.href);
    link.focus();
    if (said) said.textContent = done ? "copied" : "cannot copy: take the address of the link";
  });
  closeOutside(menu);
  menu.addEventListener("toggle", () => {
    if (said) said.textContent = "";
  });
}

start();
