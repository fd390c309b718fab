/** Delta debugging: the shortest history found that still diverges, by leaving out ever smaller parts (ddmin). */
import type { Command, History } from './history.ts';

/** Runs are seconds; a history of a hundred commands is down to a handful after some hundred of them. */
const runsMax = 250;

export async function shrink(history: History, diverges: (candidate: History) => Promise<boolean>): Promise<History> {
  let best = history;
  let runs = 0;
  const tryIt = async (commands: readonly Command[]): Promise<boolean> => {
    runs += 1;
    const candidate = { ...history, commands };
    if (runs > runsMax || !(await diverges(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = Math.ceil(best.commands.length / 2); size >= 1 && runs < runsMax; size = Math.floor(size / 2)) {
    for (let from = 0; from < best.commands.length; ) {
      const left = best.commands.filter((_, i) => i < from || i >= from + size);
      if (!(await tryIt(left))) from += size;
    }
  }
  for (let at = 0; at < best.commands.length; at += 1) {
    for (const smaller of withoutOneEvent(best.commands[at])) {
      await tryIt(best.commands.with(at, smaller));
    }
  }
  return best;
}

function withoutOneEvent(command: Command | undefined): Command[] {
  if (command?.do !== 'batch' || command.events.length < 2) return [];
  return command.events.map((_, i) => ({ ...command, events: command.events.filter((_, n) => n !== i) }));
}
