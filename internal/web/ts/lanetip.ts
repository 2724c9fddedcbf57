// What is told of a segment of a lane: in a tip beside the pointer, and to screen
// readers in a sentence.

import { now, preciseText } from "./clock";
import { countText, exactText, ruleText } from "./format";
import { mixText, wordOf } from "./segments";
import type { Segment } from "./types";

/** Story is what is told of a segment. */
export interface Story {
  state: string;
  word: string;
  machine: string;
  when: string;
  length: string;
  more: string[];
}

/** story tells of a segment: all of it, be it longer than what is shown. */
export function story(machine: string, s: Segment, from: number): Story {
  const several = (s.count ?? 1) > 1;
  const begin = several ? s.from : s.since || s.from;
  const lasts = Boolean(s.open) && !several;
  const end = several ? s.to : s.until || (lasts ? now() * 1000 : s.to);
  const earlier = begin < from * 1000;
  // Where even the beginning is not stored, there is only "before".
  const since = s.since === undefined && s.from <= from * 1000 ? `since before ${text(s.from)}` : `${text(begin)}${earlier ? `, since before ${text(from * 1000)}` : ""}`;
  const more: string[] = [];
  if (several) more.push(mixText(s));
  if (s.rule) more.push(ruleText(s.rule));
  if (s.detail) more.push(s.detail);
  return {
    state: s.state, machine, more,
    word: several ? `${countText(s.count ?? 0)} intervals, ${wordOf(s)} the gravest` : wordOf(s),
    when: `${since} – ${lasts ? "lasts" : text(end)}`,
    length: several ? `within ${exactText(end - begin)}` : exactText(end - begin),
  };
}

/** sentence is a story for a screen reader. */
export function sentence(s: Story): string {
  return [s.machine, s.word, s.when, s.length, ...s.more].filter(Boolean).join(", ");
}

function text(micros: number): string {
  return preciseText(micros / 1000);
}

/** Tip shows a story beside a place. */
export class Tip {
  constructor(private readonly root: HTMLElement) {}

  /** show tells a story at a place, in CSS pixels within the element that the tip stands in. */
  show(s: Story, x: number, y: number): void {
    const head = document.createElement("b");
    head.textContent = s.word;
    const lines = [s.when, s.length, ...s.more].map((t) => {
      const p = document.createElement("p");
      p.textContent = t;
      return p;
    });
    const machine = document.createElement("span");
    machine.textContent = s.machine;
    const title = document.createElement("p");
    title.className = "state";
    title.dataset["state"] = s.state;
    title.append(head, machine);
    this.root.replaceChildren(title, ...lines);
    this.root.hidden = false;
    const box = this.root.offsetParent as HTMLElement | null;
    const left = Math.max(0, Math.min(x + 14, (box?.clientWidth ?? 0) - this.root.offsetWidth));
    const above = y - this.root.offsetHeight - 12;
    const seen = above + (box?.getBoundingClientRect().top ?? 0) > 60;
    this.root.style.left = `${left}px`;
    this.root.style.top = `${seen ? above : y + 22}px`;
  }

  hide(): void {
    this.root.hidden = true;
  }
}
