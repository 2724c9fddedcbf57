// What every page does.

import { keepCounting, then } from "./clock";
import { apply, chosen, remember } from "./scheme";

function start(): void {
  const select = document.getElementById("theme") as HTMLSelectElement | null;
  if (select) {
    select.value = chosen();
    select.addEventListener("change", () => {
      remember(select.value);
      apply(select.value);
    });
  }
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
    matchMedia(query).addEventListener("change", () => apply(select?.value ?? chosen()));
  }
  if (then === undefined) keepCounting();
}

start();
