/** CPU time of other processes, from /proc; on another system than Linux there is none, and the columns stay empty. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Clock ticks a second as /proc counts them: 100 on every Linux that Node runs on. */
const tickUs = 10_000;

/** Microseconds that a process has used so far, its threads included; 0 where it cannot be told. */
export const cpuOf = (pid: number): number => (statOf(pid)?.ownTicks ?? 0) * tickUs;

/** The same of a process with all its descendants, also those that have ended. */
export function cpuOfTree(pid: number): number {
  const ticks = (of: number): number => {
    const stat = statOf(of);
    return stat === undefined
      ? 0
      : stat.ownTicks + stat.endedTicks + childrenOf(of).reduce((sum, c) => sum + ticks(c), 0);
  };
  return ticks(pid) * tickUs;
}

/** Microseconds of the thread that runs the event loop; the rest of the process is its workers, the engine among them. */
export function cpuOfMainThread(pid: number): number {
  const stat = readStat(`/proc/${pid}/task/${pid}/stat`);
  return (stat?.ownTicks ?? 0) * tickUs;
}

/** Megabytes that a process holds in memory: now, and at most so far. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } {
  const status = read(`/proc/${pid}/status`) ?? '';
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1_024;
  return { now: field('VmRSS'), most: field('VmHWM') };
}

/** "At most so far" begins anew (proc(5), clear_refs). */
export function forgetMostMemory(pid: number): void {
  const file = `/proc/${pid}/clear_refs`;
  if (existsSync(file)) writeFileSync(file, '5');
}

interface Stat {
  readonly ownTicks: number;
  /** Of children that have ended and were waited for. */
  readonly endedTicks: number;
}

const statOf = (pid: number): Stat | undefined => readStat(`/proc/${pid}/stat`);

function readStat(file: string): Stat | undefined {
  // The second field is the program's name in brackets, which may hold anything; the fields after it are numbers.
  const fields = read(file)
    ?.replace(/^.*\)\s/s, '')
    .split(' ')
    .map(Number);
  if (fields === undefined) return undefined;
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
  return { ownTicks: user + system, endedTicks: endedUser + endedSystem };
}

const childrenOf = (pid: number): number[] =>
  readThreads(pid).flatMap((thread) =>
    (read(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );

function readThreads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // it has ended
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
