// The shapes of the API, as internal/api/view.go has them.

export interface Condition {
  item: string;
  type: string;
  component?: string;
  level: string;
  nativeCode?: string;
  text?: string;
  since: string;
}

export interface Path {
  name: string;
  program?: string;
  mode?: string;
  execution?: string;
}

export interface Machine {
  slug: string;
  name: string;
  agent: string;
  manufacturer?: string;
  model?: string;
  area?: string;
  state: string;
  word: string;
  since?: string;
  sinceBefore?: boolean;
  rule?: string;
  lastState?: string;
  lastSeen?: string;
  linkError?: string;
  retry?: string;
  program?: string;
  mode?: string;
  execution?: string;
  parts?: number;
  paths?: Path[];
  conditions?: Condition[];
}

export interface Item {
  id: number;
  dataItemId: string;
  name?: string;
  category: string;
  type: string;
  subType?: string;
  units?: string;
  representation?: string;
  component?: string;
  observed: boolean;
  value: unknown;
  time?: string;
  sequence?: string;
  active?: Condition[];
}

export interface ItemEntry extends Item {
  machine: string;
  machineName: string;
  agent: string;
}

export interface Numbers {
  count: number;
  min: number | null;
  max: number | null;
  mean: number | null;
  meanOverTime: number | null;
  p5: number | null;
  p50: number | null;
  p95: number | null;
  exactPercentiles: boolean;
  standardDeviation: number | null;
}

export interface Statistics {
  from: string;
  to: string;
  observations: number;
  knownSeconds: number;
  unknownSeconds: number;
  coverage: number;
  numbers?: Numbers;
  values?: { value: string; seconds: number; observations: number }[];
  otherSeconds?: number;
  changes?: number;
  /** What of it could not be told. */
  problem?: string;
}

export interface MachineDetail extends Machine {
  items: Item[];
}

export interface Agent {
  name: string;
  link: string;
  since: string;
  error?: string;
  retry?: string;
  agentVersion?: string;
  schemaVersion?: string;
  instanceId?: string;
  next?: number;
  lag?: number;
  bufferSize?: number;
  horizonSeconds?: number;
  rate: number;
  delayP95Seconds?: number;
  skewSeconds?: number;
  lastDocument?: string;
  gaps: number;
  lost: number;
  reconnects: number;
  faults?: number;
  url: string;
  namedUrl?: string;
  machines: number;
}

export type Point = [number, number | string | null];

export interface Series {
  item: Item;
  from: string;
  to: string;
  observations: number;
  points: Point[];
  before?: boolean;
  /** What of it could not be told. */
  problem?: string;
}

export interface Values {
  machine: string;
  items: Item[];
}

export interface Hello {
  resumed: boolean;
  now: string;
  version: string;
}

/** A stretch of a lane; times are microseconds since 1970 UTC. */
export interface Segment {
  from: number;
  to: number;
  /** The slug of a state, or "unknown": then reason says why. */
  state: string;
  reason?: string;
  rule?: string;
  detail?: string;
  /** When it truly began and ended, be that outside the range; until is missing while it lasts. */
  since?: number;
  until?: number;
  open?: boolean;
  /** Above 1, so many intervals stand in one; mix says how long of each state, and state is the gravest. */
  count?: number;
  mix?: Record<string, number>;
}

export interface Shares {
  total: number;
  states: Record<string, number>;
  unknown: number;
  coverage: number;
}

export interface TimelineRow {
  machine: string;
  name: string;
  agent: string;
  segments: Segment[];
  shares: Shares;
  problem?: string;
}

export interface Timeline {
  from: string;
  to: string;
  now: string;
  rows: TimelineRow[];
}

/** Alarm is one activation of a condition. */
export interface Alarm {
  id: string;
  machine: string;
  name: string;
  type: string;
  level: string;
  nativeCode?: string;
  text?: string;
  raised: string;
  /** Missing while it is active. */
  cleared?: string;
}
