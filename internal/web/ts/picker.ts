// The field in which data items are found by typing: a combobox with a list, as
// WAI-ARIA's authoring practices have it.

import { blank, fill } from "./dom";
import { countedText, wordText, placeText } from "./format";
import { read } from "./live";
import type { ItemEntry } from "./types";

/** LIMIT is how many data items the list offers. */
const LIMIT = 20;
/** How long typing has to pause before it is looked for, in milliseconds. */
const PAUSE_MS = 120;

/** Picker is the field with its list. */
export class Picker {
  private found: ItemEntry[] = [];
  private active = -1;
  private asked = 0;
  private timer = 0;

  constructor(
    private readonly input: HTMLInputElement, private readonly list: HTMLElement, private readonly status: HTMLElement,
    private readonly choose: (item: ItemEntry) => void,
  ) {
    input.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.look(), PAUSE_MS);
    });
    input.addEventListener("focus", () => {
      if (this.list.hidden && input.value) void this.look();
    });
    input.addEventListener("keydown", (e) => this.key(e));
    input.addEventListener("blur", () => this.close());
    list.addEventListener("pointerdown", (e) => e.preventDefault()); // The field keeps the focus.
    list.addEventListener("click", (e) => {
      const at = [...this.list.children].indexOf((e.target as Element).closest("[role=option]") as Element);
      if (at >= 0) this.take(at);
    });
  }

  private async look(): Promise<void> {
    const asked = ++this.asked;
    try {
      const page = await read<{ items: ItemEntry[]; next?: string }>(`/api/v1/items?limit=${LIMIT}&q=${encodeURIComponent(this.input.value.trim())}`);
      if (asked !== this.asked) return;
      this.found = page.items;
      this.open(page.next !== undefined);
    } catch {
      if (asked === this.asked) this.status.textContent = "Data items could not be looked for; try again.";
    }
  }

  private open(more: boolean): void {
    this.list.replaceChildren(...this.found.map((item, i) => {
      const option = blank("blank-option");
      option.id = `found-${i}`;
      fill(option, "label", wordText(item.type) + (item.subType ? `, ${wordText(item.subType).toLowerCase()}` : ""));
      fill(option, "place", placeText(item.component ?? ""));
      fill(option, "machine", item.machineName);
      fill(option, "id", [item.name, item.dataItemId].filter(Boolean).join(" · "));
      return option;
    }));
    this.list.hidden = this.found.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    const n = this.found.length;
    this.status.textContent = n === 0 ? "No data item has all these words." : `${more ? "The first " : ""}${countedText(n, "data item")} found.`;
    this.mark(n > 0 && this.input.value.trim() ? 0 : -1);
  }

  private close(): void {
    this.asked++;
    clearTimeout(this.timer);
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.mark(-1);
  }

  private mark(at: number): void {
    this.active = at;
    [...this.list.children].forEach((option, i) => {
      option.setAttribute("aria-selected", String(i === at));
      if (i === at) option.scrollIntoView({ block: "nearest" });
    });
    if (at < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `found-${at}`);
  }

  private key(e: KeyboardEvent): void {
    const n = this.found.length;
    if (this.list.hidden) {
      if (e.key === "ArrowDown" || e.key === "ArrowUp") {
        e.preventDefault();
        void this.look();
      } else if (e.key === "Escape") {
        this.input.value = "";
      }
      return;
    }
    const to = { ArrowDown: (this.active + 1) % n, ArrowUp: (this.active <= 0 ? n : this.active) - 1, PageDown: Math.min(n - 1, this.active + 8), PageUp: Math.max(0, this.active - 8) }[e.key];
    if (to !== undefined) this.mark(to);
    else if (e.key === "Enter" && this.active >= 0) this.take(this.active);
    else if (e.key === "Escape") this.close();
    else return;
    e.preventDefault();
    e.stopPropagation();
  }

  private take(at: number): void {
    const item = this.found[at];
    this.input.value = "";
    this.close();
    if (item) this.choose(item);
  }
}
