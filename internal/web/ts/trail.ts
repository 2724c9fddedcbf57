// What a page shows stands in its address, so that a link shows the same and the way
// back leads through what was seen before.

/** REST_MS is how long what is shown has to rest before it is a step of the way back: while it moves, browsers would count every pixel. */
const REST_MS = 400;

/** Trail keeps the address of a page. */
export class Trail {
  private resting = 0;

  /** write gives the address of what is shown; read is called where the address has become another one by the browser's way back or forth. */
  constructor(private readonly write: () => string, read: () => void) {
    window.addEventListener("popstate", () => {
      clearTimeout(this.resting);
      read();
    });
  }

  /** moved is told that something else is shown than before. */
  moved(): void {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.rest(), REST_MS);
  }

  private rest(): void {
    const address = new URL(this.write(), location.href).href;
    if (address !== location.href) history.pushState(null, "", address);
  }
}

/** openPanels gives the names of the panels on the page that are open: <details data-panel="…">. */
export function openPanels(): string[] {
  return [...document.querySelectorAll<HTMLDetailsElement>("details[data-panel][open]")].map((d) => d.dataset["panel"] ?? "");
}

/** openAs opens those panels whose names are given, and closes the others. */
export function openAs(names: readonly string[]): void {
  for (const d of document.querySelectorAll<HTMLDetailsElement>("details[data-panel]")) {
    const open = names.includes(d.dataset["panel"] ?? "");
    if (d.open !== open) d.open = open;
  }
}
