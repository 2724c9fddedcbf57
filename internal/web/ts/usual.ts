// Between which numbers a machine's samples usually are: shown behind its loads and
// its charts, with what that was worked out of.

import { asOf, clockText } from "./clock";
import { countText, durationText, measureText } from "./format";
import { read } from "./live";

/** HOLDS_MS is how long what was read is taken to be usual. */
const HOLDS_MS = 15 * 60_000;
/** RETRY_MS is how long it is waited where that could not be read. */
const RETRY_MS = 60_000;
/** MOST is of how many samples the API tells at once. */
const MOST = 20;

/** Entry is what is usual of a sample, in the units of the API. */
interface Entry {
  item: number;
  program?: string;
  runs: number;
  from?: string;
  observations: number;
  seconds: number;
  p10: number | null;
  p50: number | null;
  p90: number | null;
}

/** Usual is what is usual of a sample, in the units in which it is shown. */
export interface Usual {
  low: number;
  high: number;
  /** The program in whose runs it is so; undefined for whenever the machine runs. */
  program: string | undefined;
  /** The numbers as people read them, and what they were worked out of. */
  text: string;
  title: string;
}

/** UsualValues keeps what is usual of the samples of a machine. */
export class UsualValues {
  private readonly entries = new Map<string, Entry>();
  /** Until when what was asked for last need not be asked for again. */
  private holds = -Infinity;
  private wanted = "";

  /** changed is told when something has been read. */
  constructor(private readonly slug: string, private readonly changed: () => void) {}

  /** want reads what is usual of samples, by their numbers, where that is not known of them, or was read long ago, or of another program than the one that is run now. What cannot be read is not shown. */
  async want(ids: readonly string[], program: string): Promise<void> {
    const wanted = [program, ...ids].join();
    if (ids.length === 0 || (wanted === this.wanted && performance.now() < this.holds)) return;
    this.wanted = wanted;
    this.holds = performance.now() + HOLDS_MS;
    try {
      for (let first = 0; first < ids.length; first += MOST) {
        const query = new URLSearchParams(asOf());
        for (const id of ids.slice(first, first + MOST)) query.append("item", id);
        const { items } = await read<{ items: Entry[] }>(`/api/v1/machines/${encodeURIComponent(this.slug)}/usual?${query}`);
        if (wanted !== this.wanted) return;
        for (const entry of items) this.entries.set(String(entry.item), entry);
        this.changed();
      }
    } catch {
      // Nothing is called usual where that is not known.
      if (wanted === this.wanted) this.holds = performance.now() + RETRY_MS;
    }
  }

  /** of gives what is usual of a sample whose numbers are multiplied by a factor to be shown; undefined where too little is known. */
  of(id: string, factor: number, unit: string): Usual | undefined {
    const e = this.entries.get(id);
    if (!e || e.p10 === null || e.p90 === null) return undefined;
    const [low, high] = [e.p10 * factor, e.p90 * factor];
    const of = e.program === undefined ? "of the time in which the machine was running" : `of ${countText(e.runs)} complete runs of ${e.program}`;
    return {
      low, high, program: e.program,
      text: `usually ${rough(low)} – ${rough(high)} ${unit}`.trim(),
      title: `10 – 90 % ${of}${e.from ? `, since ${clockText(Date.parse(e.from))}` : ""}: ${countText(e.observations)} observations over ${durationText(e.seconds * 1000)}, half of the time at most ${rough((e.p50 ?? 0) * factor)} ${unit}`.trim(),
    };
  }
}

/** rough gives a number with three digits that count: what is usual is no more exact. */
function rough(n: number): string {
  return measureText(Number(n.toPrecision(3)));
}

/** showOnBars shows what is usual behind the bars of loads, as marks and in words. */
export function showOnBars(values: UsualValues): void {
  for (const bar of document.querySelectorAll<HTMLMeterElement>("meter[data-now-bar]")) {
    const row = bar.closest("li");
    const mark = row?.querySelector<HTMLElement>(".usual-mark"), word = row?.querySelector<HTMLElement>(".usual-word");
    const usual = values.of(bar.dataset["nowBar"] ?? "", Number(bar.dataset["factor"] ?? 1), bar.dataset["unit"] ?? "");
    if (!mark || !word) continue;
    mark.hidden = word.hidden = !usual;
    if (!usual) continue;
    const part = (n: number): number => 100 * Math.max(0, Math.min(1, n / bar.max));
    mark.style.left = `${part(usual.low)}%`;
    mark.style.width = `${part(usual.high) - part(usual.low)}%`;
    word.textContent = usual.text;
    if (row) row.title = usual.title;
  }
}
