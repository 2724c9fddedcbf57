// Durations, numbers and names as people read them: the same as format.go.

export const UNKNOWN = "—";
const THIN = "\u202f";
const MINUS = "−";

/** durationText gives milliseconds as 12 s, 27 min, 1 h 04 min or 3 d 2 h. */
export function durationText(ms: number): string {
  const s = Math.trunc(ms / 1000);
  if (!(s > 0)) return "0 s";
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.trunc(s / 60)} min`;
  if (s < 86400) return `${Math.trunc(s / 3600)} h ${String(Math.trunc(s / 60) % 60).padStart(2, "0")} min`;
  return `${Math.trunc(s / 86400)} d ${Math.trunc(s / 3600) % 24} h`;
}

/** exactText gives microseconds exactly, as far as milliseconds: 1 h 04 min 05.250 s. */
export function exactText(micros: number): string {
  const ms = Math.floor((micros + 500) / 1000);
  const [h, m, s, part] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60, ms % 1000];
  const seconds = `${s}${part ? `.${String(part).padStart(3, "0")}` : ""} s`;
  if (h > 0) return `${h} h ${String(m).padStart(2, "0")} min ${seconds}`;
  return m > 0 ? `${m} min ${seconds}` : seconds;
}

/** secondsText gives a short duration (in milliseconds) in seconds with one decimal. */
export function secondsText(ms: number): string {
  if (Math.abs(ms) >= 600_000) return (ms < 0 ? MINUS : "") + durationText(Math.abs(ms));
  return (ms / 1000).toFixed(1).replace("-", MINUS) + " s";
}

/** The delay from which on its length says nothing more. */
const LONG_DELAY_MS = 600_000;

/** delayText gives how late observations are stored (in milliseconds). */
export function delayText(ms: number): string {
  return ms >= LONG_DELAY_MS ? `over ${durationText(LONG_DELAY_MS)}` : secondsText(ms);
}

/** skewText gives a clock's deviation, always with its sign. */
export function skewText(ms: number): string {
  return (ms > 0 ? "+" : "") + secondsText(ms);
}

/** numberText gives a number with at most four decimals, six where it is small. */
export function numberText(v: number): string {
  const a = Math.abs(v);
  let s: string;
  if (a !== 0 && (a < 1e-4 || a >= 1e15)) {
    const [mantissa = "", exponent = ""] = v.toExponential(4).split("e");
    s = `${trimZeros(mantissa)}e${exponent.charAt(0)}${exponent.slice(1).padStart(2, "0")}`;
  } else {
    s = trimZeros(v.toFixed(a < 1e-2 ? 6 : 4));
  }
  return s === "-0" ? "0" : s.replaceAll("-", MINUS);
}

/** FIGURES is how many figures of a number are enough to read it, DECIMALS how many of them stand behind the point at most. */
const FIGURES = 6, DECIMALS = 3;

/** measureText gives a number for reading: six figures of which three are decimals at most, all that stand before the point, and from 10,000 on its thousands set apart. */
export function measureText(v: number): string {
  const a = Math.abs(v);
  if (!(a >= 0.1 && a < 1e15)) return numberText(v);
  const before = String(Math.trunc(a)).length;
  const [whole = "", part = ""] = a.toFixed(Math.max(0, Math.min(DECIMALS, FIGURES - before))).split(".");
  const rest = part.replace(/0+$/, "");
  return (v < 0 ? MINUS : "") + (whole.length > 4 ? grouped(whole) : whole) + (rest ? `.${rest}` : "");
}

/** countedText gives how many there are of something, by its name for one: 1 part, 3 parts. */
export function countedText(n: number, one: string): string {
  return `${measureText(n)} ${one}${n === 1 ? "" : "s"}`;
}

/** fieldText gives a number that came as text, times a factor; other text stays as it is. */
export function fieldText(s: string, factor: number): string {
  return s.trim() !== "" && Number.isFinite(Number(s)) ? measureText(Number(s) * factor) : s;
}

function trimZeros(s: string): string {
  return s.replace(/\.?0+$/, "");
}

/** grouped sets the thousands of a row of digits apart. */
function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** countText gives a whole number with its thousands set apart. */
export function countText(n: number): string {
  return (n < 0 ? MINUS : "") + grouped(String(Math.abs(n)));
}

/** lostText says how many observations are known to be lost in some gaps. */
export function lostText(gaps: number, lost: number): string {
  if (gaps === 0) return "";
  return lost === 0 ? "loss not known" : `${countText(lost)} known lost`;
}

/** damageText says how much of what is stored was found damaged. */
export function damageText(faults: number): string {
  if (faults === 0) return "";
  const parts = faults === 1 ? "1 part of what is stored is" : `${countText(faults)} parts of what is stored are`;
  return `${parts} damaged; factorydash verify-store tells more`;
}

/** percentText gives a part of 1 in percent: with one decimal where it is near all or nothing, so that 100 % means all and 0 % means nothing. */
export function percentText(part: number): string {
  const p = 100 * part;
  if (p > 0 && p < 0.1) return "<0.1 %";
  if (p >= 99.95 && p < 100) return "99.9 %";
  return `${(p >= 99 && p < 100) || (p > 0 && p < 1) ? p.toFixed(1) : p.toFixed(0)} %`;
}

/** rateText gives observations a second. */
export function rateText(r: number): string {
  return r >= 10 ? countText(Math.round(r)) : r.toFixed(1);
}

/** wordText turns PATH_FEEDRATE into Path feedrate. */
export function wordText(name: string): string {
  const colon = name.indexOf(":");
  const prefix = colon < 0 ? "" : name.slice(0, colon);
  const s = name.slice(colon + 1).replaceAll("_", " ").toLowerCase();
  if (s === "") return name;
  return s.charAt(0).toUpperCase() + s.slice(1) + (prefix ? ` (${prefix})` : "");
}

/** knownText gives a text of an agent. */
export function knownText(s: string | undefined): string {
  return s === undefined ? UNKNOWN : s === "" ? "none" : s;
}

/** placeText turns "Axes[base]/Linear[X]" into "Axes base › Linear X". */
export function placeText(component: string): string {
  if (component === "") return "Machine";
  return component.split("/").map((step) => {
    const [kind = "", name = ""] = step.replace(/\]$/, "").split("[");
    return name === "" || name.toLowerCase() === kind.toLowerCase() ? kind : `${kind} ${name}`;
  }).join(" › ");
}

/** ruleText turns "5 executing", a rule's number and name, into "executing (rule 5)". */
export function ruleText(rule: string): string {
  const space = rule.indexOf(" ");
  return space < 0 ? rule : `${rule.slice(space + 1)} (rule ${rule.slice(0, space)})`;
}

/** causeText gives why an agent cannot be reached without its address. */
export function causeText(error: string): string {
  return error.replace(/^https?:\/\/\S+: /, "");
}

/** valueText gives a plain value. */
export function valueText(v: unknown): string {
  if (v === null || v === undefined) return UNKNOWN;
  if (typeof v === "number") return numberText(v);
  if (typeof v === "string") return v;
  return JSON.stringify(v);
}

const states: Record<string, string> = {
  "no-link": "No link", offline: "Offline", alarm: "Alarm", setup: "Setup",
  running: "Running", stopped: "Stopped", idle: "Idle",
};

/** stateWord is the word for a state. */
export function stateWord(slug: string): string {
  return states[slug] ?? slug;
}

const links: Record<string, string> = {
  connecting: "Connecting", streaming: "Streaming", polling: "Polling",
  "catching-up": "Catching up",
  down: "No link", waiting: "Waiting for the store",
};

/** linkWord is the word for how the connection to an agent stands. */
export function linkWord(link: string): string {
  return links[link] ?? "Not known";
}

/** partsText says how many parts were made, of how many where that is known. */
export function partsText(made: number, target: number | null): string {
  return `Parts ${measureText(made)}${target === null ? "" : ` / ${measureText(target)}`}`;
}
