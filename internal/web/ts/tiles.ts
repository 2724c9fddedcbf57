// How large the tiles of a board are.

/** ANGLE is how large the capitals of a name appear: 20 minutes of arc, of which 16 are the least that can be read with ease. */
const ANGLE = (20 / 60) * (Math.PI / 180);
/** CAP is the height of a capital in the fonts of the system, of their size. */
const CAP = 0.72;
/** A tile is at least so wide and so high, of the height of a capital. */
const TILE_WIDTH = 6;
const TILE_HEIGHT = 3.9;
/** Where there are few tiles, type is at most so many times as large as the distance asks for. */
const LARGEST = 2.5;
/** What the head and the foot take, of the height of a capital and in pixels. */
const HEAD = 1.35;
const FOOT_PX = 44;
const GAP_PX = 10;

/** Wall is where a board hangs. */
export interface Wall {
  /** From how far it is read, in metres, and how large the screen is, in inches across. */
  distance: number;
  panel: number;
  /** The width and height of the screen and of the page, in pixels. */
  screen: [number, number];
  room: [number, number];
}

/** layout gives the size of the type of tiles and of the head in pixels, the height of a tile's capitals, and how many tiles there are on a page, of so many in all: where all fit on one, they fill it. */
export function layout(w: Wall, tiles: number): { type: number; cap: number; columns: number; rows: number; head: number } {
  const perMm = Math.hypot(...w.screen) / (w.panel * 25.4);
  const least = w.distance * 1000 * Math.tan(ANGLE) * perMm;
  const [width, height] = w.room;
  const columns = Math.max(1, Math.floor(width / (TILE_WIDTH * least + GAP_PX)));
  const rows = Math.max(1, Math.floor((height - HEAD * least - FOOT_PX) / (TILE_HEIGHT * least + GAP_PX)));
  let best = { cap: least, columns, rows };
  if (tiles <= columns * rows) {
    for (let c = 1; c <= Math.min(columns, tiles); c++) {
      const r = Math.ceil(tiles / c);
      const cap = Math.min((width / c - GAP_PX) / TILE_WIDTH, (height - HEAD * least - FOOT_PX - r * GAP_PX) / (r * TILE_HEIGHT), LARGEST * least);
      if (cap >= best.cap && r <= rows) best = { cap, columns: c, rows: r };
    }
  }
  return { ...best, type: best.cap / CAP, head: least / CAP };
}

/** ageText gives milliseconds in as few figures as tell them from afar: 45 s, 99 min, 5 h, 3 d. */
export function ageText(ms: number): string {
  const s = Math.max(0, Math.trunc(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 6000) return `${Math.trunc(s / 60)} min`;
  if (s < 48 * 3600) return `${Math.trunc(s / 3600)} h`;
  return `${Math.trunc(s / 86400)} d`;
}
