// The few ways in which pages are changed. Text from an agent only ever goes
// into textContent.

import { clockText, fullText, instant, now } from "./clock";
import { durationText } from "./format";

/** byId gives an element that the page has. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const e = document.getElementById(id);
  if (!e) throw new Error(`the page has no #${id}`);
  return e as T;
}

/** put writes the text of an element where it differs. */
export function put(id: string, text: string): void {
  const e = document.getElementById(id);
  if (e && e.textContent !== text) e.textContent = text;
}

/** blank makes a new element from the <template> with the id. */
export function blank(id: string): HTMLElement {
  const t = byId(id) as unknown as HTMLTemplateElement;
  const e = t.content.firstElementChild;
  if (!e) throw new Error(`#${id} is empty`);
  return e.cloneNode(true) as HTMLElement;
}

/** slot gives the part of root that shows what is called name. */
export function slot(root: ParentNode, name: string): HTMLElement | null {
  return root.querySelector<HTMLElement>(`[data-slot="${name}"]`);
}

/** fill puts a text into a slot; nothing is touched where it stands already. */
export function fill(root: ParentNode, name: string, text: string): void {
  const e = slot(root, name);
  if (e && e.textContent !== text) e.textContent = text;
}

/** show shows or hides a slot. */
export function show(root: ParentNode, name: string, visible: boolean): void {
  const e = slot(root, name);
  if (e) e.hidden = !visible;
}

/** set writes a data attribute where it differs. */
export function set(e: HTMLElement | null, name: string, value: string): void {
  if (e && e.dataset[name] !== value) e.dataset[name] = value;
}

/** glyph changes which glyph a slot shows. */
export function glyph(root: ParentNode, name: string): void {
  const use = root.querySelector('[data-slot="glyph"] use');
  const href = `#glyph-${name}`;
  if (use && use.getAttribute("href") !== href) use.setAttribute("href", href);
}

/** age shows in a slot how long something has been; nothing where it is not known. */
export function age(root: ParentNode, name: string, since: string | undefined | null, missing = ""): void {
  const e = slot(root, name);
  if (!e) return;
  const t = instant(since);
  if (t === undefined || !since) {
    delete e.dataset["since"];
    e.removeAttribute("datetime");
    e.title = "";
    e.textContent = missing;
    return;
  }
  if (e.dataset["since"] === since) return;
  e.dataset["since"] = since;
  e.setAttribute("datetime", since);
  e.title = fullText(t);
  e.textContent = durationText(now() - t);
}

/** lasting shows how long a state has lasted, and since when; before: it began before anything that is stored. */
export function lasting(root: ParentNode, since: string | undefined, before: boolean | undefined): void {
  const t = instant(since);
  show(root, "before", Boolean(before));
  age(root, "since", since);
  const at = slot(root, "at");
  if (!at) return;
  fill(root, "at", t === undefined || before ? "" : `since ${clockText(t)}`);
  at.title = t === undefined ? "" : fullText(t);
}

/** retry shows when something is tried next. */
export function retry(root: ParentNode, at: string | undefined): void {
  const t = instant(at);
  show(root, "retry", t !== undefined);
  const e = slot(root, "until");
  if (!e) return;
  if (t === undefined || !at) {
    delete e.dataset["until"];
    return;
  }
  e.dataset["until"] = at;
  e.textContent = durationText(t - now());
}

/** closeOutside closes a <details> that lies over the page with Escape, which leads back to what opened it, and when something beside it is pressed. */
export function closeOutside(details: HTMLDetailsElement): void {
  details.addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary")?.focus();
    e.stopPropagation();
  });
  document.addEventListener("click", (e) => {
    if (details.open && !details.contains(e.target as Node)) details.open = false;
  });
}

/** fillList makes a list's entries from data: one per datum, in order. */
export function fillList<T>(list: Element, template: string, data: readonly T[], draw: (e: HTMLElement, datum: T) => void): void {
  while (list.children.length > data.length) list.lastElementChild?.remove();
  data.forEach((datum, i) => {
    const e = (list.children[i] as HTMLElement | undefined) ?? list.appendChild(blank(template));
    draw(e, datum);
  });
}

/** patch makes an element what another one is; what is the same already is left as it is, with its focus and what is selected in it. */
export function patch(e: Element, as: Element): void {
  for (const a of [...e.attributes]) if (!as.hasAttribute(a.name)) e.removeAttribute(a.name);
  for (const a of as.attributes) if (e.getAttribute(a.name) !== a.value) e.setAttribute(a.name, a.value);
  const wanted = [...as.childNodes];
  while (e.childNodes.length > wanted.length) e.lastChild?.remove();
  wanted.forEach((node, i) => {
    const old = e.childNodes[i];
    if (!old) {
      e.append(node);
    } else if (old instanceof Element && node instanceof Element && old.nodeName === node.nodeName) {
      patch(old, node);
    } else if (!old.isEqualNode(node)) {
      old.replaceWith(node);
    }
  });
}
