// The rows of a machine's lane, made of what the API tells of it.

import type { Alarms } from "./alarmmarks";
import { partsText } from "./format";
import type { Segment, Shift } from "./segments";
import type { Parts, Track, Value } from "./track";

/** Lane is what a machine did, as the API's lane has it; times are microseconds, but for those of the range. */
export interface Lane {
  from: string;
  to: string;
  heard: number;
  paths: LanePath[];
  parts?: Parts & { item: number };
  shifts?: Shift[];
  /** What could not be told. */
  problem?: string;
}

interface LanePath {
  name?: string;
  program: Value[];
  tool: Value[];
  mode: Value[];
  execution: Value[];
  cycles: { from: number; to: number; open?: boolean; program: string | null; whole: boolean }[];
  items: Record<string, number>;
}

/** Told is all that is told of a machine; undefined where it could not be read. */
export interface Told {
  lane: Lane;
  states: Segment[] | undefined;
  /** Those of each path, in the order of the lane's paths. */
  paths: Segment[][] | undefined;
  alarms: Alarms | undefined;
}

/** Rows are the rows, with which of them show what is observed of a data item, by its number. */
export interface Rows {
  tracks: Track[];
  owners: Map<string, Track>;
}

/** The heights of the rows, in CSS pixels. */
const HEIGHT = { state: 36, path: 24, value: 26, alarms: 28, parts: 46 };

/** rowsOf makes the rows: the machine's state, what its paths did, its alarms and its parts. */
export function rowsOf({ lane, states, paths, alarms }: Told): Rows {
  const rows: Rows = { tracks: [], owners: new Map() };
  rows.tracks.push(states ? { id: "state", name: "State", height: HEIGHT.state, states } : { id: "unread", name: "State: not read", height: HEIGHT.state });
  lane.paths.forEach((p, i) => addPath(rows, p, lane.paths.length > 1, paths?.[i]));
  rows.tracks.push({ id: "alarms", name: alarms ? "Alarms" : "Alarms: not read", height: HEIGHT.alarms, alarms: alarms?.marks ?? [] });
  if (lane.parts) {
    const made = lane.parts.made[lane.parts.made.length - 1]?.[1] ?? 0;
    own(rows, lane.parts.item, { id: "parts", name: partsText(made, lane.parts.target), height: HEIGHT.parts, parts: lane.parts });
  }
  return rows;
}

/** own adds a row that shows a data item. */
function own(rows: Rows, item: number, row: Track): void {
  rows.tracks.push(row);
  rows.owners.set(String(item), row);
}

/** addPath adds the rows of a path; of several, with what each was doing. */
function addPath(rows: Rows, p: LanePath, several: boolean, states: Segment[] | undefined): void {
  const of = (name: string): string => (p.name ? `${name} ${p.name}` : name);
  const add = (id: string, name: string, values: Value[]): void => {
    const item = p.items[id];
    if (item !== undefined) own(rows, item, { id, name: of(name), height: HEIGHT.value, values });
  };
  const execution = p.items["execution"];
  // Where the states of paths could not be read, what the controller said stands for them.
  if (several && states && execution !== undefined) own(rows, execution, { id: "path", name: of("State"), height: HEIGHT.path, states });
  else if (several) add("execution", "Execution", p.execution);
  add("program", "Program", p.program);
  if (execution !== undefined) {
    const values = p.cycles.map((c) => ({ ...c, value: c.program ?? "—", since: c.from, until: c.open ? 0 : c.to, count: 1 }));
    rows.tracks.push({ id: "cycles", name: of("Cycles"), height: HEIGHT.value, values });
  }
  add("tool", "Tool", p.tool);
  add("mode", "Mode", p.mode);
}
