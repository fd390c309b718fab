import { store } from './store.ts';

/** Seconds between two looks whether the server is back. */
const retrySeconds = 5;

interface Away {
  /** Counts down to the next try. */
  readonly nextTryInSeconds: number;
}

const away = store<Away | null>(null);
const comebacks = new Set<() => void>();

/** Null while the server answers. Saving is disabled otherwise, and nothing that was typed is cleared. */
export const useServerAway = away.use;

/** Called once the server answers again. */
export function onServerBack(listener: () => void): void {
  comebacks.add(listener);
}

export function serverAnswered(): void {
  if (away.get() === null) return;
  away.set(null);
  for (const comeback of comebacks) comeback();
}

export function serverIsAway(): void {
  if (away.get() !== null) return;
  away.set({ nextTryInSeconds: retrySeconds });
  countDown();
}

export async function tryNow(): Promise<void> {
  try {
    const answer = await fetch('/readyz');
    if (answer.ok) serverAnswered();
  } catch {
    // Still away: the next try comes by itself.
  }
}

function countDown(): void {
  setTimeout(async () => {
    const state = away.get();
    if (state === null) return;
    const left = state.nextTryInSeconds - 1;
    if (left === 0) await tryNow();
    if (away.get() === null) return;
    away.set({ nextTryInSeconds: left === 0 ? retrySeconds : left });
    countDown();
  }, 1_000);
}
