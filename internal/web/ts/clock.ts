// Time on the page: the server's clock, the plant's zone, and the ages that
// count up.

import { durationText, exactText } from "./format";

let offset = Date.parse(document.body.dataset["now"] ?? "") - Date.now() || 0;

/** setNow takes the server's clock, for the time it took to arrive is small. */
export function setNow(now: string): void {
  const t = Date.parse(now);
  if (!Number.isNaN(t)) offset = t - Date.now();
}

/** then is the moment of the past that the page shows; undefined where it shows what is now. */
export const then = instant(document.body.dataset["at"]);

/** asOf is the parameter that asks for what was known at the moment of the past that the page shows; nothing for now. */
export function asOf(): Record<string, string> {
  return then === undefined ? {} : { at: document.body.dataset["at"] ?? "" };
}

/** now is the server's clock in milliseconds, or the moment of the past that the page shows. */
export function now(): number {
  return then ?? Date.now() + offset;
}

/** instant reads a time of the API; undefined where there is none. */
export function instant(s: string | undefined | null): number | undefined {
  if (!s || s.startsWith("0001-")) return undefined;
  const t = Date.parse(s);
  return Number.isNaN(t) ? undefined : t;
}

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const zone = document.body.dataset["zone"] ?? "UTC";
  try {
    return new Intl.DateTimeFormat("sv-SE", { ...options, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat("sv-SE", { ...options, timeZone: "UTC" });
  }
}

// The Swedish form is the ISO one: 2026-11-23 14:05:11.
const day = formatter({ year: "numeric", month: "2-digit", day: "2-digit" });
const seconds = formatter({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minutes = formatter({ hour: "2-digit", minute: "2-digit" });
const millis = formatter({ hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });

/** clockText gives a moment, with the date where it is not today. */
export function clockText(t: number): string {
  const time = seconds.format(t);
  return day.format(t) === day.format(now()) ? time : `${day.format(t)} ${time}`;
}

/** fullText gives a moment with its date and zone, for whoever asks of a time that is shown shorter. */
export function fullText(t: number): string {
  return `${day.format(t)} ${seconds.format(t)} ${document.body.dataset["zoneWord"] ?? "UTC"}`;
}

/** minuteText gives hours and minutes. */
export function minuteText(t: number): string {
  return minutes.format(t);
}

/** secondText gives hours, minutes and seconds. */
export function secondText(t: number): string {
  return seconds.format(t);
}

/** dayText gives a moment's date. */
export function dayText(t: number): string {
  return day.format(t);
}

/** zoneOffset gives by how many milliseconds the plant's clocks are ahead of UTC at a moment. */
export function zoneOffset(t: number): number {
  const whole = Math.floor(t / 1000) * 1000;
  return Date.parse(`${day.format(whole)}T${seconds.format(whole)}Z`) - whole;
}

/** preciseText gives a moment to the millisecond. */
export function preciseText(t: number): string {
  return `${day.format(t)} ${millis.format(t).replace(",", ".")}`;
}

/** lasted says from when to when something was, and for how long; what is open lasts still. Times are microseconds; before is what there is to say of the beginning. */
export function lasted(s: { from: number; to: number; open?: boolean | undefined }, before = ""): [when: string, length: string] {
  return [
    `${preciseText(s.from / 1000)}${before} – ${s.open ? "lasts" : preciseText(s.to / 1000)}`,
    exactText((s.open ? now() * 1000 : s.to) - s.from),
  ];
}

function count(): void {
  if (document.hidden) return;
  const t = now();
  for (const e of document.querySelectorAll<HTMLElement>("[data-since],[data-until]")) {
    const until = e.dataset["until"];
    const ms = until === undefined ? t - Date.parse(e.dataset["since"] ?? "") : Date.parse(until) - t;
    const text = durationText(ms);
    if (e.textContent !== text) e.textContent = text;
  }
}

/** keepCounting counts the ages on the page up and the waits down. */
export function keepCounting(): void {
  setInterval(count, 1000);
  document.addEventListener("visibilitychange", count);
}
