// What is read anew now and then, while somebody looks.

import { then } from "./clock";

/** How often it is read. */
const EVERY_MS = 60_000;
/** How soon it is read again where that failed. */
const RETRY_MS = 10_000;

/** keepReading reads at once and from then on once a minute; of a moment of the past, once. Where it fails, what is drawn stands and it is tried again. */
export function keepReading(load: () => Promise<void>): void {
  let due = 0, reading = false;
  const tick = async (): Promise<void> => {
    if (reading || performance.now() < due) return;
    reading = true;
    try {
      await load();
      due = then === undefined ? performance.now() + EVERY_MS : Infinity;
    } catch {
      due = performance.now() + RETRY_MS;
    } finally {
      reading = false;
    }
  };
  const look = (): void => {
    if (!document.hidden) void tick();
  };
  void tick();
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", look);
}
