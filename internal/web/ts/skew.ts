// The mark that the clock of an agent is wrong, wherever times of its machines stand: the same as agents.go.

import { show, slot } from "./dom";
import { durationText } from "./format";
import type { Agent } from "./types";

/** LEAST is from which deviation on the clock of an agent is marked as wrong; LONG is from which on seconds do not matter. */
const LEAST_MS = 1000, LONG_MS = 600_000;

/** drawSkew marks what shows times of an agent's machines. */
export function drawSkew(root: ParentNode, a: Agent | undefined): void {
  const ms = 1000 * (a?.skewSeconds ?? 0), off = Math.abs(ms);
  show(root, "skewed", off > LEAST_MS);
  const mark = slot(root, "skewed");
  const text = off > LEAST_MS ? `clock ${off < LONG_MS ? `${(off / 1000).toFixed(0)} s` : durationText(off)} ${ms < 0 ? "behind" : "ahead"}` : "";
  if (!mark || mark.textContent === text) return;
  mark.textContent = text;
  mark.title = `${text}: the agent's clock is wrong, and times of its machines are as it tells them, not corrected`;
}
