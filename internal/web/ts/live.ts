// The event stream: one per page. The browser keeps its place in it
// (Last-Event-ID); where it is lost, and where the stream is blocked, the page
// reads the current values anew.

import { setNow, then } from "./clock";
import { put } from "./dom";
import { secondsText } from "./format";
import type { Agent, Hello, Machine, Values } from "./types";

/** ATTEMPTS without a hello make the stream count as blocked. */
const ATTEMPTS = 3;
/** A stream that has not said hello in this time does not work. */
const HELLO_MS = 10_000;
/** How often the values are read while the stream is blocked. */
const POLL_MS = 3_000;
/** How often a blocked stream is tried again. */
const RETRY_MS = 30_000;
/** Data older than this is stale: agents send a heartbeat every 10 s at most. */
const STALE_MS = 15_000;
/** How long values are followed before all are read anew, for what the stream does not tell: an agent that was removed. */
const REREAD_MS = 300_000;
/** An outdated page reads no more often than this. */
const OUTDATED_MS = 10_000;
/** A page that has been hidden for this long gives its connection up: browsers open few to one server, for all its tabs together. */
const HIDDEN_MS = 2_000;
/** A request that has not been answered in this time has failed. */
const READ_MS = 20_000;

/** Page is what follows the stream. */
export interface Page {
  /** The address of the stream. */
  address: string;
  /** Draws at most once in this time, in milliseconds. */
  every: number;
  machines?(list: Machine[]): void;
  values?(values: Values): void;
  agents?(list: Agent[]): void;
  /** Reports whether data is to be expected: whether any agent is in reach. */
  expects(): boolean;
  /** Reports whether the stream has told of something that only reading all values anew can show. */
  outdated?(): boolean;
  /** Reads all current values anew. */
  reread(): Promise<void>;
  /** Is told of each connection that the server has opened, and of how old the data is. */
  greeted?(hello: Hello): void;
  aged?(ms: number, stale: boolean): void;
  /** Draws what has changed; never called while the page is hidden. */
  draw(): void;
}

/** read gives the JSON at an address. */
export async function read<T>(address: string): Promise<T> {
  const answer = await fetch(address, {
    headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(READ_MS),
  });
  if (!answer.ok) throw new Error(`${address}: status ${answer.status}`);
  return (await answer.json()) as T;
}

/** readList gives all entries of a list, page by page. */
export async function readList<T>(address: string): Promise<T[]> {
  const list: T[] = [];
  for (let after = ""; ; ) {
    const page: { items: T[]; next?: string } = await read(`${address}?limit=1000${after}`);
    list.push(...page.items);
    if (!page.next) return list;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}

/** Following is a page that is kept live. */
export interface Following {
  /** Opens the stream anew, since the page's address of it has become another one. */
  reopen(): void;
}

/** follow keeps the page live until it is left. One that shows a moment of the past stands still. */
export function follow(page: Page): Following {
  if (then !== undefined) return { reopen: () => undefined };
  const follower = new Follower(page);
  follower.start();
  return follower;
}

type Mode = "connecting" | "live" | "polling" | "lost";

class Follower {
  private source: EventSource | undefined;
  private mode: Mode = "connecting";
  /** Attempts since the last hello. */
  private failures = 0;
  private tried = 0;
  /** false until all current values have been read since they were last missed. */
  private complete = false;
  /** Where the stream was left, for a connection of our own making. */
  private lastEventId = "";
  private reading = false;
  /** true where values must be read once more: those being read may be from before the stream. */
  private again = false;
  private lastRead = performance.now();
  /** Events that came while values were being read: they are applied after. */
  private waiting: (() => void)[] = [];
  private lastData = performance.now();
  private lastDraw = 0;
  private drawing = 0;
  private dirty = false;
  private timers = { hello: 0, open: 0, poll: 0, hide: 0 };

  constructor(private readonly page: Page) {}

  start(): void {
    document.addEventListener("visibilitychange", () => this.visibility());
    window.addEventListener("pagehide", () => this.stop());
    window.addEventListener("pageshow", (e) => {
      if (e.persisted) this.open();
    });
    setInterval(() => this.mark(), 200);
    this.open();
  }

  reopen(): void {
    this.lastEventId = "";
    this.open();
  }

  private open(): void {
    this.close();
    this.tried = performance.now();
    const address = new URL(this.page.address, location.href);
    if (this.lastEventId) address.searchParams.set("lastEventId", this.lastEventId);
    const source = new EventSource(address);
    this.source = source;
    this.expectHello();
    source.addEventListener("hello", (e) => this.hello(JSON.parse(e.data) as Hello));
    const on = <T>(name: string, take: ((data: T) => void) | undefined): void =>
      source.addEventListener(name, (e) => {
        this.lastEventId = e.lastEventId;
        this.data(() => take?.(JSON.parse(e.data) as T));
      });
    on<Machine[]>("machines", this.page.machines);
    on<Values>("values", this.page.values);
    on<Agent[]>("agents", this.page.agents);
    source.onopen = () => this.expectHello();
    source.onerror = () => this.failed();
  }

  /** close gives up the stream and every plan to open it. */
  private close(): void {
    this.source?.close();
    this.source = undefined;
    clearTimeout(this.timers.hello);
    clearTimeout(this.timers.open);
  }

  private stop(): void {
    this.close();
    clearTimeout(this.timers.poll);
    this.timers.poll = 0;
  }

  private expectHello(): void {
    clearTimeout(this.timers.hello);
    this.timers.hello = setTimeout(() => {
      this.close();
      this.failed();
    }, HELLO_MS);
  }

  private hello(hello: Hello): void {
    clearTimeout(this.timers.hello);
    clearTimeout(this.timers.poll);
    this.timers.poll = 0;
    this.failures = 0;
    this.mode = "live";
    setNow(hello.now);
    this.page.greeted?.(hello);
    if (hello.resumed && this.complete) {
      this.arrived();
      return;
    }
    this.complete = false;
    this.again = this.reading;
    void this.readAll();
  }

  /** data applies an event, after the values that are being read. */
  private data(apply: () => void): void {
    if (this.reading) {
      this.waiting.push(apply);
      return;
    }
    apply();
    this.arrived();
    const age = performance.now() - this.lastRead;
    if (age > REREAD_MS || (age > OUTDATED_MS && this.page.outdated?.())) void this.readAll();
  }

  private arrived(): void {
    this.lastData = performance.now();
    this.dirty = true;
    this.plan();
    this.mark();
  }

  private failed(): void {
    this.failures++;
    if (this.mode === "live") this.mode = "connecting";
    if (this.failures >= ATTEMPTS) {
      this.close();
      if (!this.timers.poll) this.poll();
    } else if (!this.source || this.source.readyState === EventSource.CLOSED) {
      // The browser does not try again by itself after an answer that is no
      // stream.
      this.close();
      this.timers.open = setTimeout(() => this.open(), 1000 * this.failures);
    } else {
      this.expectHello();
    }
    this.mark();
  }

  /** poll reads the values again and again, and tries the stream now and then. */
  private poll(): void {
    this.timers.poll = setTimeout(async () => {
      const worked = await this.readAll();
      if (!this.timers.poll) return; // The stream is back, or the page is left.
      const back = worked && this.mode === "lost";
      this.mode = worked ? "polling" : "lost";
      if (back || (performance.now() - this.tried > RETRY_MS && !this.source)) this.open();
      this.poll();
      this.mark();
    }, this.mode === "connecting" ? 0 : POLL_MS);
  }

  private async readAll(): Promise<boolean> {
    if (this.reading) return true;
    this.reading = true;
    try {
      do {
        this.again = false;
        await this.page.reread();
      } while (this.again);
      this.complete = true;
      this.arrived();
      return true;
    } catch {
      // The server is away: the pill says so, and it is tried again.
      if (this.mode === "live" && this.source) {
        clearTimeout(this.timers.open);
        this.timers.open = setTimeout(() => this.open(), 1000);
      }
      return false;
    } finally {
      this.reading = false;
      this.lastRead = performance.now();
      for (const apply of this.waiting.splice(0)) this.data(apply);
    }
  }

  /** plan draws soon, but not more often than the page wants. */
  private plan(): void {
    if (this.drawing || document.hidden) return;
    const wait = Math.max(0, this.lastDraw + this.page.every - performance.now());
    this.drawing = setTimeout(() => {
      this.drawing = 0;
      if (document.hidden || !this.dirty) return;
      this.dirty = false;
      this.lastDraw = performance.now();
      this.page.draw();
    }, wait);
  }

  private visibility(): void {
    clearTimeout(this.timers.hide);
    if (document.hidden) {
      this.timers.hide = setTimeout(() => this.stop(), HIDDEN_MS);
      return;
    }
    if (!this.source && !this.timers.poll) this.open();
    if (this.dirty) this.plan();
  }

  /** mark shows how the data reaches the page and how old it is. */
  private mark(): void {
    if (document.hidden) return;
    const age = performance.now() - this.lastData;
    const old = age > STALE_MS;
    // What the stream tells is not all there is until the values have been read.
    const live = this.mode === "live" && this.complete;
    const quiet = old && live && !this.page.expects();
    const stale = old && !quiet;
    document.body.classList.toggle("stale", stale);
    this.page.aged?.(age, stale);
    const pill = document.getElementById("live");
    if (!pill) return;
    let word: string = this.mode;
    if (!live && this.mode !== "polling") word = "reconnecting…";
    else if (stale) word = "stale";
    else if (quiet) word = "no agent in reach,";
    const link = stale ? "stale" : live ? "streaming" : this.mode === "polling" ? "polling" : "connecting";
    if (pill.dataset["link"] !== link) pill.dataset["link"] = link;
    put("live-word", word);
    put("live-age", secondsText(age));
  }
}
