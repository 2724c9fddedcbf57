// What a page shows stands in its address, so that a link shows the same and the way
// back leads through what was seen before.

/** REST_MS is how long what is shown has to rest before it is a step of the way back: while it moves, browsers would count every pixel. */
const REST_MS = 400;

/** Trail keeps the address of a page. */
export class Trail {
  private resting = 0;
  private arriving = 0;
  /** Whether somebody chose what is shown now. */
  private isStep = false;

  /** write gives the address of what is shown; read shows what the address says. */
  constructor(private readonly write: () => string, private readonly read: () => void | Promise<void>) {
    window.addEventListener("popstate", () => void this.arrive());
  }

  /** arrive shows what the address says. Where not all of that can be shown, the address is put right, which is no step: otherwise there would be no way back over it. */
  async arrive(): Promise<void> {
    clearTimeout(this.resting);
    this.isStep = false;
    this.arriving++;
    try {
      await this.read();
    } finally {
      this.arriving--;
    }
  }

  /** moved is told that something else is shown than before. */
  moved(): void {
    this.isStep ||= this.arriving === 0;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.rest(), REST_MS);
  }

  private rest(): void {
    const address = new URL(this.write(), location.href).href;
    if (address !== location.href) history[this.isStep ? "pushState" : "replaceState"](null, "", address);
    this.isStep = false;
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
