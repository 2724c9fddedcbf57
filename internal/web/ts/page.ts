// What every page does.

import { keepListening } from "./bell";
import { keepCounting, then } from "./clock";
import { closeOutside } from "./dom";
import { startKeys } from "./keys";
import { apply, chosen, remember } from "./scheme";
import { startSearch } from "./search";
import { startTravel } from "./travel";

/** How long a chosen zone is remembered, in seconds: a year. */
const ZONE_AGE = 365 * 24 * 3600;

/** rememberZone tells the server in which zone to draw times from now on: the plant's where the name is empty. */
function rememberZone(name: string): void {
  document.cookie = `factorydash-zone=${name}; path=/; samesite=lax; max-age=${name ? ZONE_AGE : 0}`;
}

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
  const zone = document.getElementById("zone") as HTMLSelectElement | null;
  if (zone) {
    zone.addEventListener("change", () => {
      rememberZone(zone.value === "browser" ? Intl.DateTimeFormat().resolvedOptions().timeZone : "");
      location.reload();
    });
  }
  const more = document.getElementById("more") as HTMLDetailsElement | null;
  if (more) closeOutside(more);
  startSearch();
  startKeys();
  startTravel();
  if (then !== undefined) return; // What has passed stands still.
  keepCounting();
  keepListening();
}

start();
