// Parts against target on the cards of the floor: of the shift that is on, with
// where they should be by now.

import { asOf, minuteText } from "./clock";
import { blank, fill, show, slot } from "./dom";
import { measureText, UNKNOWN } from "./format";
import { read } from "./live";
import { keepReading } from "./periodic";

/** WIDTH is how long the bar is, in the units of its picture. */
const WIDTH = 100;

/** MachineParts is what a machine made in the shift. */
export interface MachineParts {
  machine: string;
  parts: number | null;
  /** Why the parts are not known. */
  problem?: string;
  target: number;
  due: number;
}

interface ShiftParts {
  shift: { name: string; from: string; to: string } | null;
  machines: MachineParts[];
}

/** keepShiftParts reads the parts of the shift now and from time to time. */
export function keepShiftParts(take: (parts: ShiftParts) => void): void {
  const query = new URLSearchParams(asOf());
  keepReading(async () => take(await read<ShiftParts>(`/api/v1/shift/parts?${query}`)));
}

/** keepAiming keeps the cards up to date; card gives the card of a machine. */
export function keepAiming(cards: ReadonlyMap<string, HTMLElement>): void {
  keepShiftParts((parts) => {
    const aimed = new Set<HTMLElement>();
    for (const m of parts.machines) {
      const card = cards.get(m.machine);
      if (!card || !parts.shift) continue;
      aimed.add(card);
      draw(card, m, parts.shift);
    }
    for (const card of cards.values()) if (!aimed.has(card)) clear(card);
  });
}

function draw(card: HTMLElement, m: MachineParts, shift: NonNullable<ShiftParts["shift"]>): void {
  const count = slot(card, "parts");
  let aim = slot(card, "aim");
  if (!aim) {
    aim = blank("blank-aim");
    count?.after(aim);
  }
  show(card, "parts", false);
  fill(card, "partsName", "Parts of the shift");
  const due = Math.floor(m.due), made = m.parts === null ? UNKNOWN : measureText(m.parts);
  fill(aim, "made", made);
  fill(aim, "target", measureText(m.target));
  const behind = m.parts === null ? 0 : m.parts - due;
  fill(aim, "behind", m.parts === null ? "not known" : behind < 0 ? `−${measureText(-behind)}` : `+${measureText(behind)}`);
  const title = m.parts === null ? `Not known: ${m.problem ?? ""}` : `${made} made in shift ${shift.name} since ${minuteText(Date.parse(shift.from))}, of ${measureText(m.target)}; ${measureText(due)} should be made by now`;
  if (aim.title !== title) aim.title = title;
  const most = Math.max(1, m.parts ?? 0, m.target);
  length(aim, ".made", "width", (WIDTH * (m.parts ?? 0)) / most);
  length(aim, ".tick", "x", (WIDTH * due) / most);
}

function length(aim: Element, selector: string, name: string, units: number): void {
  const e = aim.querySelector(selector), text = units.toFixed(1);
  if (e && e.getAttribute(name) !== text) e.setAttribute(name, text);
}

/** clear shows the machine's own counter again: no shift is on, or it has no target. */
function clear(card: HTMLElement): void {
  slot(card, "aim")?.remove();
  show(card, "parts", true);
  fill(card, "partsName", "Counter");
}
