// Whether the shift that ended last was as usual, in a line on the floor.

import { minuteText, now, then } from "./clock";
import { fill } from "./dom";
import { read } from "./live";
import { keepReading } from "./periodic";

interface ShiftUsual {
  shift: { name: string; from: string; to: string } | null;
  says: string;
}

/** keepTelling keeps the line up to date: it is empty where no shift has ended. */
export function keepTelling(line: HTMLElement): void {
  const at = then === undefined ? "" : `&at=${new Date(now()).toISOString()}`;
  keepReading(async () => {
    const { shift, says } = await read<ShiftUsual>(`/api/v1/shift/usual?brief=true${at}`);
    fill(line, "says", shift ? `${shift.name}, ${minuteText(Date.parse(shift.from))}–${minuteText(Date.parse(shift.to))}: ${says}.` : "");
  });
}
