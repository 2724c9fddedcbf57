// How states are painted on a canvas: colour, and a pattern beside it, so that
// colour is never alone. Sizes are pixels of the device.

/** Paint is what lanes are painted with, in the theme that is in force. */
export interface Paint {
  body: string;
  muted: string;
  grid: string;
  border: string;
  font: string;
  unscheduled: string;
  break: CanvasPattern | string;
  /** fill paints rectangles of a state, each given as x, y, width, height and 1 where there is no data rather than a gap. */
  fill(c: CanvasRenderingContext2D, state: string, rects: readonly number[], ratio: number, isTick: boolean): void;
  /** lost marks where observations are known to be lost. */
  lost(c: CanvasRenderingContext2D, x: number, y: number, width: number, text: string, ratio: number): void;
}

/** pattern makes a pattern of lines: on a ground, each so wide and so far from the next. */
function pattern(ground: string, line: string, size: number, wide: number, diagonal: boolean): CanvasPattern | string {
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const c = tile.getContext("2d");
  if (!c) return line;
  if (ground) {
    c.fillStyle = ground;
    c.fillRect(0, 0, size, size);
  }
  c.strokeStyle = line;
  c.lineWidth = wide;
  c.beginPath();
  for (const shift of diagonal ? [-size, 0, size] : [0]) {
    if (diagonal) {
      c.moveTo(shift - 1, size + 1);
      c.lineTo(shift + size + 1, -1);
    } else {
      c.moveTo(size / 2, 0);
      c.lineTo(size / 2, size);
    }
  }
  c.stroke();
  return c.createPattern(tile, "repeat") ?? line;
}

/** paints reads the theme. */
export function paints(): Paint {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const ratio = window.devicePixelRatio || 1;
  const px = (n: number): number => Math.max(1, Math.round(n * ratio));
  const card = colour("card");
  const fills: Record<string, CanvasPattern | string> = {
    running: colour("fill-running"), idle: colour("fill-idle"), stopped: colour("fill-stopped"), alarm: colour("fill-alarm"),
    setup: pattern(colour("fill-setup"), card, px(6), px(1.2), false),
    offline: pattern(colour("fill-offline"), card, px(6), px(1.2), true),
    unknown: pattern("", colour("control"), px(8), px(1), true),
  };
  const plain: Record<string, string> = { setup: colour("fill-setup"), offline: colour("fill-offline"), unknown: colour("control") };
  const none = colour("fill-none");
  const body = colour("body");

  function outline(c: CanvasRenderingContext2D, x: number, y: number, w: number, h: number): void {
    const line = 1.5 * ratio;
    c.strokeStyle = none;
    c.lineWidth = line;
    c.setLineDash([4 * ratio, 3 * ratio]);
    c.strokeRect(x + line / 2, y + line / 2, Math.max(1, w - line), h - line);
    c.setLineDash([]);
  }

  return {
    body, muted: colour("muted"), grid: colour("grid"), border: colour("control"), font: style.fontFamily || "sans-serif",
    unscheduled: colour("unscheduled"), break: pattern(card, colour("edge"), px(4), px(1.5), true),
    fill(c, state, rects, r, isTick) {
      const separator = px(1);
      c.fillStyle = state === "no-link" ? none : isTick ? plain[state] ?? fills[state] ?? none : fills[state] ?? none;
      for (let i = 0; i < rects.length; i += 5) {
        const [x, y, w, h, noData] = [rects[i] as number, rects[i + 1] as number, rects[i + 2] as number, rects[i + 3] as number, rects[i + 4]];
        if (isTick) {
          if (state === "idle") c.fillRect(x, y + Math.round(h * 0.2), w, Math.round(h * 0.6));
          else if (state === "unknown" || state === "no-link") c.fillRect(x, y + Math.round(h * 0.35), w, Math.round(h * 0.3));
          else c.fillRect(x, y, w, h);
        } else if (state === "no-link") {
          outline(c, x, y, w, h);
        } else if (state === "idle") {
          c.fillRect(x, y + Math.round(h * 0.2), w, Math.round(h * 0.6));
        } else if (noData) {
          c.fillRect(x, y + Math.round(h / 2), w, px(1));
        } else {
          c.fillRect(x, y, w, h);
        }
        if (state === "alarm") c.fillRect(x, y - Math.round(3 * r), Math.min(w, Math.round(6 * r)), Math.round(3 * r));
      }
      if (isTick || state === "no-link" || state === "unknown") return;
      c.fillStyle = card;
      for (let i = 0; i < rects.length; i += 5) {
        if ((rects[i + 2] as number) > 3 * separator) c.fillRect(rects[i] as number, rects[i + 1] as number, separator, rects[i + 3] as number);
      }
    },
    lost(c, x, y, width, text, r) {
      const size = 5 * r;
      c.fillStyle = body;
      c.beginPath();
      c.moveTo(x - size, y - size);
      c.lineTo(x + size, y - size);
      c.lineTo(x, y + size * 0.6);
      c.fill();
      c.font = `${11 * r}px ${this.font}`;
      if (c.measureText(text).width + 14 * r > width) return;
      c.textBaseline = "middle";
      const long = c.measureText(text).width;
      c.fillStyle = card;
      c.fillRect(x + 8 * r, y + 3 * r, long + 6 * r, 14 * r);
      c.fillStyle = body;
      c.fillText(text, x + 11 * r, y + 10 * r);
    },
  };
}
