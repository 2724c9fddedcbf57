// Which data items are explored: chosen by typing, taken away by their buttons. Their
// rows are drawn by the server.

import { byId, put } from "./dom";
import { Picker } from "./picker";
import { Signal } from "./signal";
import type { ItemEntry } from "./types";

/** Choice is the signals that are shown. */
export class Choice {
  readonly signals: Signal[] = [];
  private asked = 0;
  /** The numbers of those that are shown, or will be once they have been read. */
  private wanted: readonly string[] = [];

  /** limit is how many there may be; changed is told when there are others than before. */
  constructor(limit: number, private readonly changed: () => void) {
    const picker = byId<HTMLInputElement>("pick");
    new Picker(picker, byId("found"), byId("pick-status"), (item: ItemEntry) => {
      if (this.wanted.includes(String(item.id))) return put("pick-status", "That signal is shown already.");
      if (this.wanted.length >= limit) return put("pick-status", `There are ${limit} signals: remove one first.`);
      void this.show([...this.wanted, String(item.id)]);
    });
    byId("signals").addEventListener("click", (e) => {
      const id = (e.target as Element).closest("[data-act=remove]")?.closest<HTMLElement>("tr")?.dataset["item"];
      if (!id) return;
      picker.focus();
      void this.show(this.wanted.filter((other) => other !== id));
    });
    this.adopt();
  }

  get ids(): string[] {
    return this.signals.map((s) => s.id);
  }

  get machines(): string[] {
    return [...new Set(this.signals.map((s) => s.machine))];
  }

  /** show shows the data items with the numbers, unless others are asked for meanwhile. */
  async show(ids: readonly string[]): Promise<void> {
    const address = new URL(location.href);
    address.searchParams.set("items", ids.join(","));
    const asked = ++this.asked;
    this.wanted = ids;
    let text: string;
    try {
      const answer = await fetch(address, { cache: "no-store" });
      if (!answer.ok) throw new Error(`${address.href}: status ${answer.status}`);
      text = await answer.text();
    } catch {
      if (asked !== this.asked) return;
      this.wanted = this.ids;
      return put("pick-status", "The signals could not be read; try again.");
    }
    if (asked !== this.asked) return;
    const anew = new DOMParser().parseFromString(text, "text/html");
    byId("signals").replaceChildren(...(anew.getElementById("signals")?.children ?? []));
    this.adopt();
    this.changed();
  }

  /** adopt takes the rows of the table of signals as they are. */
  private adopt(): void {
    const old = new Map(this.signals.map((s) => [s.id, s]));
    const rows = [...byId("signals").querySelectorAll<HTMLElement>("tr[data-item]")];
    this.signals.splice(0, this.signals.length, ...rows.map((row) => {
      const known = old.get(row.dataset["item"] ?? "");
      if (known) known.row = row;
      return known ?? new Signal(row);
    }));
    this.wanted = this.ids;
  }
}
