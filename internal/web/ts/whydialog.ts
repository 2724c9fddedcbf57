// Why a machine is in its state, in a dialog over its page.

import { now } from "./clock";
import { byId } from "./dom";

/** Why is the dialog. */
export class Why {
  private readonly dialog = byId<HTMLDialogElement>("why-dialog");
  private asking = 0;
  /** The moment that is explained: an instant, or "now"; undefined while the dialog is closed. */
  shown: string | undefined;

  /** changed is told when another moment is explained, or none. */
  constructor(private readonly slug: string, private readonly changed: () => void) {
    this.dialog.addEventListener("close", () => {
      this.shown = undefined;
      changed();
    });
    document.addEventListener("click", (e) => {
      const a = (e.target as Element).closest<HTMLAnchorElement>("a[data-why]");
      if (!a || e.ctrlKey || e.metaKey || e.shiftKey) return;
      e.preventDefault();
      void this.show(new URL(a.href).searchParams.get("at") ?? "now");
    });
  }

  /** at explains a moment, in milliseconds. */
  at(t: number): void {
    void this.show(new Date(Math.min(t, now())).toISOString());
  }

  /** show explains a moment, or closes the dialog; where the page that says why cannot be read, it is gone to. */
  async show(moment: string | undefined): Promise<void> {
    const asked = ++this.asking;
    if (moment === undefined) {
      this.dialog.close();
      return;
    }
    if (moment === this.shown) return;
    const address = `/m/${encodeURIComponent(this.slug)}/why${moment === "now" ? "" : `?at=${encodeURIComponent(moment)}`}`;
    try {
      const answer = await fetch(address, { cache: "no-store" });
      const said = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("why");
      if (!said) throw new Error("no answer");
      if (asked !== this.asking) return;
      byId("why-body").replaceChildren(said);
      if (!this.dialog.open) this.dialog.showModal();
      this.dialog.scrollTop = 0;
      this.shown = moment;
      this.changed();
    } catch {
      if (asked === this.asking) location.href = address;
    }
  }
}
