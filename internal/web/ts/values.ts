// The table of a machine's values: the same as value.go and the template "item".

import { age, glyph, set, slot } from "./dom";
import { countedText, fieldText, measureText, UNKNOWN, valueText } from "./format";
import type { Item } from "./types";

/** CELLS is how many entries of a data set, or rows of a table, are shown. */
const CELLS = 200;

/** drawItem draws what is known of a data item now into its row. */
export function drawItem(row: HTMLElement, item: Item): void {
  const cell = slot(row, "value");
  if (!cell) return;
  const kind = kindOf(item, row);
  set(row, "kind", kind);
  if (kind === "condition") set(row, "level", String(item.value));
  else delete row.dataset["level"];
  cell.replaceChildren(...content(kind, item, row));
  age(row, "time", item.time);
}

function kindOf(item: Item, row: HTMLElement): string {
  if (!item.observed) return "never";
  if (item.value === null || item.value === undefined) return "unavailable";
  if (row.dataset["category"] === "CONDITION") return "condition";
  const r = row.dataset["representation"];
  return (r === "DATA_SET" || r === "TABLE") && typeof item.value === "object" ? "set" : "value";
}

function content(kind: string, item: Item, row: HTMLElement): Node[] {
  switch (kind) {
    case "never":
      return [element("span", "never observed", "quiet")];
    case "unavailable": {
      const e = element("span", `${UNKNOWN} `, "quiet");
      e.append(element("small", "Unavailable"));
      return [e];
    }
    case "condition":
      return [level(String(item.value))];
    case "set":
      return [table(item.value as Record<string, unknown>)];
  }
  const nodes: Node[] = [number(item, row)];
  const unit = row.dataset["unit"];
  if (unit) nodes.push(new Text(" "), element("span", unit, "unit"));
  return nodes;
}

function number(item: Item, row: HTMLElement): HTMLElement {
  const factor = Number(row.dataset["factor"] ?? 1);
  const exact = (e: HTMLElement): HTMLElement => {
    e.title = `Stored: ${String(item.value)} ${row.dataset["units"] ?? ""}`.trim();
    return e;
  };
  if (typeof item.value === "number") return exact(element("span", measureText(item.value * factor), "num"));
  const text = valueText(item.value);
  const fields = text.trim().split(/\s+/);
  if (row.dataset["units"]?.endsWith("_3D") && fields.length === 3) {
    const e = element("span", "", "num parts");
    fields.forEach((field, i) => {
      const part = element("span");
      part.append(element("i", "XYZ".charAt(i)), ` ${fieldText(field, factor)}`);
      e.append(part, " ");
    });
    return exact(e);
  }
  if (row.dataset["representation"] === "TIME_SERIES") {
    return element("span", `${countedText(fields.length, "value")}, last ${fieldText(fields[fields.length - 1] ?? "", factor)}`, "num");
  }
  return element("span", text, "num");
}

function level(name: string): HTMLElement {
  const e = element("span", "", "level");
  e.dataset["level"] = name;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.classList.add("glyph");
  svg.setAttribute("aria-hidden", "true");
  svg.dataset["slot"] = "glyph";
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  e.append(svg, name);
  glyph(e, name);
  return e;
}

function table(entries: Record<string, unknown>): HTMLElement {
  const keys = Object.keys(entries).sort();
  const shown = keys.slice(0, CELLS);
  const columns = columnsOf(entries, shown);
  const scroll = element("div", "", "scroll");
  const t = document.createElement("table");
  t.className = "set";
  if (columns.length > 0) {
    const head = t.createTHead().insertRow();
    for (const column of ["", ...columns]) head.append(heading(column, "col"));
  }
  const body = t.createTBody();
  for (const key of shown) {
    const row = body.insertRow();
    row.append(heading(key, "row"));
    const cells = asRow(entries[key]);
    const texts = columns.length === 0 ? [valueText(entries[key])] : columns.map((c) => (cells && c in cells ? valueText(cells[c]) : ""));
    for (const text of texts) {
      const cell = row.insertCell();
      cell.className = "num";
      cell.textContent = text;
    }
  }
  if (keys.length === 0) {
    const cell = body.insertRow().insertCell();
    cell.className = "quiet";
    cell.textContent = "empty";
  }
  scroll.append(t);
  if (keys.length > CELLS) scroll.append(element("small", `and ${keys.length - CELLS} more`));
  return scroll;
}

function columnsOf(entries: Record<string, unknown>, keys: string[]): string[] {
  const seen = new Set<string>();
  for (const key of keys) for (const column of Object.keys(asRow(entries[key]) ?? {})) seen.add(column);
  return [...seen].sort().slice(0, CELLS);
}

function asRow(v: unknown): Record<string, unknown> | undefined {
  return typeof v === "object" && v !== null ? (v as Record<string, unknown>) : undefined;
}

function heading(text: string, scope: string): HTMLElement {
  const e = document.createElement("th");
  e.scope = scope;
  e.textContent = text;
  return e;
}

function element(tag: string, text = "", className = ""): HTMLElement {
  const e = document.createElement(tag);
  if (className) e.className = className;
  e.append(text);
  return e;
}
