// Whether the shift that ended last was as usual, in a line on the floor.

import { asOf, minuteText } from "./clock";
import { fill } from "./dom";
import { read } from "./live";
import { keepReading } from "./periodic";

interface ShiftUsual {
  shift: { name: string; from: string; to: string } | null;
  says: string;
}

/** keepTelling keeps the line up to date: it is empty where no shift has ended. */
export function keepTelling(line: HTMLElement): void {
  const query = new URLSearchParams({ brief: "true", ...asOf() });
  keepReading(async () => {
    const { shift, says } = await read<ShiftUsual>(`/api/v1/shift/usual?${query}`);
    fill(line, "says", shift ? `${shift.name}, ${minuteText(Date.parse(shift.from))}–${minuteText(Date.parse(shift.to))}: ${says}.` : "");
  });
}
