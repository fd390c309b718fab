import fs from 'node:fs';
import { err, ok, type Result } from '../kernel/result.ts';

export interface LockFile {
  release(): void;
}

interface Holder {
  readonly pid: number;
  /** When the process started, in clock ticks since boot, where the system tells: a pid alone may be used again. */
  readonly started: string | null;
}

/**
 * Takes a data folder for this process. Two processes in one folder lose each other's commits without an error
 * (reliability.md F3), so a living holder is never robbed; what a dead one left behind is taken over.
 * @returns the lock, or the pid of the living holder
 */
export function takeLock(file: string): Result<LockFile, { pid: number }> {
  const self: Holder = { pid: process.pid, started: startOf(process.pid) };
  // Twice: between finding a dead holder and taking its place another process may do the same.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    if (writeNew(file, self)) return ok({ release: () => releaseIfOurs(file, self) });
    const holder = readHolder(file);
    if (holder && isAlive(holder)) return err({ pid: holder.pid });
    removeDead(file, holder);
  }
  return err({ pid: readHolder(file)?.pid ?? 0 });
}

/** The content appears together with the name: written beside it, then linked, which fails where the name exists. */
function writeNew(file: string, holder: Holder): boolean {
  const own = `${file}.${holder.pid}`;
  fs.writeFileSync(own, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  try {
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if (Reflect.get(Object(error), 'code') === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    const pid: unknown = Reflect.get(Object(value), 'pid');
    const started: unknown = Reflect.get(Object(value), 'started');
    return typeof pid === 'number' ? { pid, started: typeof started === 'string' ? started : null } : undefined;
  } catch {
    return undefined;
  }
}

/** Moved away before it is removed: of two processes that both saw the dead holder only one moves its file. */
function removeDead(file: string, dead: Holder | undefined): void {
  const aside = `${file}.dead.${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  // Somebody was faster and what we moved is their new lock: give it back.
  if (moved && moved.pid !== dead?.pid && isAlive(moved)) fs.linkSync(aside, file);
  fs.rmSync(aside, { force: true });
}

function releaseIfOurs(file: string, self: Holder): void {
  if (readHolder(file)?.pid === self.pid) fs.rmSync(file, { force: true });
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    if (Reflect.get(Object(error), 'code') !== 'EPERM') return false;
  }
  const started = startOf(holder.pid);
  return holder.started === null || started === null || started === holder.started;
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 may hold blanks and brackets. */
function startOf(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
