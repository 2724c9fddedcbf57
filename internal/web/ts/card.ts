// A machine's card, its paths and its conditions.

import { clockText, fullText, instant } from "./clock";
import { fill, fillList, glyph, lasting, set, show, slot } from "./dom";
import { knownText, measureText, stateWord, UNKNOWN, wordText } from "./format";
import type { Condition, Machine, Path } from "./types";

/** drawState draws a machine's state and the facts beside it. */
export function drawState(root: HTMLElement, m: Machine): void {
  set(root, "state", m.state);
  fill(root, "name", m.name);
  fill(root, "model", [m.manufacturer, m.model].filter(Boolean).join(" "));
  const state = root.querySelector<HTMLElement>(".state");
  set(state, "state", m.state);
  if (state) glyph(state, m.state);
  fill(root, "word", m.word);
  lasting(root, m.since, m.sinceBefore);
  show(root, "last", Boolean(m.lastState));
  fill(root, "lastState", stateWord(m.lastState ?? ""));
  const seen = instant(m.lastSeen);
  fill(root, "lastSeen", seen === undefined ? "" : clockText(seen));
  const last = slot(root, "lastSeen");
  if (last) last.title = seen === undefined ? "" : fullText(seen);
  fill(root, "program", knownText(m.program));
  fill(root, "parts", m.parts === undefined ? UNKNOWN : measureText(m.parts));
  fill(root, "mode", wordText(knownText(m.mode)));
  const paths = slot(root, "paths");
  if (paths) {
    fillList(paths, "blank-path", m.paths ?? [], drawPath);
    paths.hidden = !m.paths?.length;
  }
}

/** drawCard draws a machine's card on the floor. */
export function drawCard(card: HTMLElement, m: Machine): void {
  set(card, "slug", m.slug);
  const name = slot(card, "name") as HTMLAnchorElement;
  const href = `/m/${encodeURIComponent(m.slug)}`;
  if (name.getAttribute("href") !== href) name.href = href;
  drawState(card, m);
  const conditions = slot(card, "conditions");
  if (conditions) {
    fillList(conditions, "blank-condition", m.conditions ?? [], drawCondition);
    conditions.hidden = !m.conditions?.length;
  }
}

function drawPath(e: HTMLElement, p: Path): void {
  fill(e, "path", p.name);
  fill(e, "execution", wordText(knownText(p.execution)));
  fill(e, "program", knownText(p.program));
}

/** drawCondition draws an active condition. */
export function drawCondition(e: HTMLElement, c: Condition): void {
  set(e, "level", c.level);
  glyph(e, c.level);
  fill(e, "level", c.level);
  fill(e, "code", c.nativeCode ?? "");
  show(e, "code", Boolean(c.nativeCode));
  fill(e, "text", c.text || wordText(c.type));
}
