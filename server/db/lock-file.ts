import fs from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import os from 'node:os';
import { backoff } from '../kernel/backoff.ts';
import { type Clock, seconds } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { type Loop, runLoop } from '../kernel/loop.ts';
import type { Random } from '../kernel/random.ts';
import { err, ok, type Result } from '../kernel/result.ts';

export interface LockFile {
  release(): Promise<void>;
}

export interface LockParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The lock is somebody else's: its file was removed by hand, and another process came. The folder must be left at once. */
  readonly lost: () => void;
}

/** Who has the folder, as the lock file says. */
export interface Holder {
  /** Chance: tells this lock from every other, a process id does not. */
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** Of the running system, new at each boot; the host's name where the system does not tell. */
  readonly boot: string;
}

/** How often a holder touches its file. */
const beatEvery = seconds(2);
/** How long a file must stay untouched for its holder to count as dead, where nothing surer can be asked. */
const silence = seconds(10);
/** Linux takes 107 bytes as the name of a socket, macOS 103. */
const socketNameMax = 100;

/**
 * Takes a data folder for this process. Two processes in one folder lose each other's commits without an error
 * (reliability.md F3), so a living holder is never robbed; what a dead one left behind is taken over (docs/decisions/0011).
 *
 * A holder listens on a socket beside the file, which dies with it. On the same running system a knock there tells surely
 * whether it lives: stopped or busy, in another container, its pid used by somebody else. From another machine, or where
 * sockets do not work, its beat tells.
 * @returns the lock, or the living holder
 */
export async function takeLock(file: string, parts: LockParts): Promise<Result<LockFile, Holder>> {
  const self: Holder = {
    id: parts.random.bytes(8).toString('hex'),
    pid: process.pid,
    host: os.hostname(),
    boot: bootId(),
  };
  const server = await listen(socketOf(file, self));
  for (;;) {
    if (writeNew(file, self)) return ok(heldLock(file, { self, server }, parts));
    const holder = readHolder(file);
    if (holder && (await isAlive(file, { holder, self }, parts))) {
      await close(server);
      return err(holder);
    }
    removeDead(file, holder);
  }
}

const socketOf = (file: string, { id }: Holder): string => `${file}.${id}`;

/** The content appears together with the name: written beside it, then linked, which fails where the name exists. */
function writeNew(file: string, holder: Holder): boolean {
  const own = `${file}.${holder.id}.new`;
  fs.writeFileSync(own, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  try {
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/** Undefined for a file that is gone, or cut off by a power cut: whoever lives has written a whole one. */
function readHolder(file: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    const text = (name: string): string => String(Reflect.get(Object(value), name) ?? '');
    const holder = { id: text('id'), pid: Number(text('pid')), host: text('host'), boot: text('boot') };
    return /^[0-9a-f]{16}$/.test(holder.id) ? holder : undefined;
  } catch {
    return undefined;
  }
}

async function isAlive(
  file: string,
  { holder, self }: { holder: Holder; self: Holder },
  parts: LockParts,
): Promise<boolean> {
  const answer = holder.boot === self.boot ? await knock(socketOf(file, holder)) : 'unknown';
  if (answer !== 'unknown') return answer === 'alive';
  parts.log.info(`${file} is of process ${holder.pid} on ${holder.host}: looking for ten seconds whether it lives`);
  const before = lastBeat(file);
  const end = parts.clock.elapsed() + silence;
  while (parts.clock.elapsed() < end) {
    await parts.clock.sleep(silence / 10);
    if (lastBeat(file) !== before) return readHolder(file)?.id === holder.id;
  }
  return false;
}

function knock(socket: string): Promise<'alive' | 'dead' | 'unknown'> {
  return new Promise((resolve) => {
    const visit = connect(socket);
    visit.once('connect', () => {
      visit.destroy();
      resolve('alive');
    });
    visit.once('error', (error) => {
      const code = codeOf(error);
      // EAGAIN: it listens, and more wait at its door than it takes in.
      resolve(code === 'ECONNREFUSED' ? 'dead' : code === 'EAGAIN' ? 'alive' : 'unknown');
    });
  });
}

/** Only its change means something: the clock of another machine may be wrong. */
function lastBeat(file: string): number | undefined {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

/** Moved away before it is removed: of two processes that both saw the dead holder only one moves its file. */
function removeDead(file: string, dead: Holder | undefined): void {
  const aside = `${file}.dead.${process.pid}`;
  try {
    fs.renameSync(file, aside);
    const moved = readHolder(aside);
    // Somebody was faster, and what was moved is their new lock. Should a third one come now, they find out (watch).
    if (moved && moved.id !== dead?.id) fs.linkSync(aside, file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  }
  fs.rmSync(aside, { force: true });
  if (dead) fs.rmSync(socketOf(file, dead), { force: true });
}

function heldLock(
  file: string,
  { self, server }: { self: Holder; server: Server | undefined },
  parts: LockParts,
): LockFile {
  const watch = watchLock(file, self, parts);
  return {
    async release() {
      await watch.stop();
      if (readHolder(file)?.id === self.id) fs.rmSync(file, { force: true });
      await close(server);
    },
  };
}

/** Touches the file, puts it back where it was removed, and says so when it is another's. */
function watchLock(file: string, self: Holder, parts: LockParts): Loop {
  const waits = backoff({ first: beatEvery, most: beatEvery, random: parts.random });
  const report = (error: unknown): void =>
    parts.log.warn('the lock file cannot be touched', { reason: String(codeOf(error)) });
  let isLost = false;
  return runLoop({ clock: parts.clock, backoff: waits, report, idle: beatEvery }, async () => {
    const text = await fs.promises.readFile(file, 'utf8').catch(() => '');
    const now = new Date(parts.clock.now());
    if (text.includes(self.id)) await fs.promises.utimes(file, now, now);
    else if (!isLost && !writeNew(file, self)) {
      isLost = true;
      parts.lost();
    }
    return 'idle';
  });
}

/** Undefined where there are no such sockets: Windows, some network disks, a folder with a very long name. */
function listen(socket: string): Promise<Server | undefined> {
  if (Buffer.byteLength(socket) > socketNameMax) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const server = createServer((visit) => visit.destroy());
    server.once('error', () => resolve(undefined));
    server.listen(socket, () => resolve(server));
    server.unref();
  });
}

const close = (server: Server | undefined): Promise<void> =>
  new Promise((resolve) => (server ? server.close(() => resolve()) : resolve()));

function bootId(): string {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return os.hostname();
  }
}

const codeOf = (error: unknown): unknown => Reflect.get(Object(error), 'code');
