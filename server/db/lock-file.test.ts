import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ManualClock, manualClock } from '../kernel/clock.ts';
import { silentLog } from '../kernel/log.ts';
import { systemRandom } from '../kernel/random.ts';
import { type LockFile, takeLock } from './lock-file.ts';

// Some of these start processes, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

let folder = '';
let file = '';
let clock: ManualClock;
const held: LockFile[] = [];
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-lock-'));
  file = path.join(folder, 'database.lock');
  clock = manualClock();
});
afterEach(async () => {
  for (const lock of held.splice(0)) await lock.release();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true, force: true });
});

async function take(lost = () => {}): Promise<LockFile | number> {
  const lock = await takeLock(file, { clock, random: systemRandom, log: silentLog, lost });
  if (!lock.ok) return lock.error.pid;
  held.push(lock.value);
  return lock.value;
}

/** A process that takes the lock and keeps it; `inside` is a command it runs in. */
async function otherHolder(inside: readonly string[] = []): Promise<{ pid: number; child: ChildProcess }> {
  const script = fileURLToPath(new URL('../../test/support/locking-process.ts', import.meta.url));
  const [program = '', ...args] = [...inside, process.execPath, ...process.execArgv, script, file];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { pid: Number(/^taken by (\d+)$/.exec(String(line))?.[1]), child };
}

/** Takes the folder while time passes. */
async function takeInItsTime(): ReturnType<typeof take> {
  const asking = { over: false };
  const asked = take().finally(() => {
    asking.over = true;
  });
  while (!asking.over) await clock.advance(1_000).then(() => new Promise((go) => setImmediate(go)));
  return asked;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const contents = (): string[] =>
  fs.readdirSync(folder).filter((name) => !fs.statSync(path.join(folder, name)).isSocket());
const change = (part: object): void =>
  fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(fs.readFileSync(file, 'utf8')), ...part }));

test('a free folder is taken, and free again after the release', async () => {
  const lock = await take();
  expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid, host: os.hostname() });
  if (typeof lock !== 'number') await lock.release();
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('the same process does not get a folder twice', async () => {
  await take();
  expect(await take()).toBe(process.pid);
});

test('a living holder is never robbed, not even one that is stopped; a killed one is followed at once', async () => {
  const { pid, child } = await otherHolder();
  expect(await take()).toBe(pid);
  child.kill('SIGSTOP');
  expect(await take()).toBe(pid);
  await kill(child);
  expect(await take()).toBeTypeOf('object');
  expect(contents()).toEqual(['database.lock']);
});

test('the pid of a dead holder that another process uses now does not keep the folder', async () => {
  const { child } = await otherHolder();
  await kill(child);
  change({ pid: process.pid });
  expect(await take()).toBeTypeOf('object');
});

const container = ['unshare', '--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'];
const canUnshare = spawnSync(container[0] ?? '', [...container.slice(1), 'true']).status === 0;

test.runIf(canUnshare)('a holder in another container, whose pid means nothing here, is never robbed', async () => {
  const { pid, child } = await otherHolder(container);
  expect(pid, 'a pid of its own namespace').toBeLessThan(10);
  expect(await take()).toBe(pid);
  await kill(child);
  // The namespace ends a moment after the one who made it; who asks in between waits for ten seconds of silence.
  await expect.poll(takeInItsTime, { timeout: 20_000 }).toBeTypeOf('object');
});

test('a holder on another machine is refused while its file is touched, and followed after ten seconds of silence', async () => {
  const { pid, child } = await otherHolder();
  await kill(child);
  change({ boot: 'another machine', host: 'elsewhere' });
  const asked = take();
  await expect.poll(() => clock.nextWake()).toBeDefined();
  await clock.advance(3_000);
  fs.utimesSync(file, new Date(), new Date(1_000));
  await clock.advance(1_000);
  expect(await asked).toBe(pid);

  const asksAgain = take();
  await expect.poll(() => clock.nextWake()).toBeDefined();
  await clock.advance(20_000);
  expect(await asksAgain).toBeTypeOf('object');
});

test('of two that follow a dead holder at once one gets the folder', async () => {
  const { child } = await otherHolder();
  await kill(child);
  const both = await Promise.all([take(), take()]);
  expect(both.filter((lock) => typeof lock === 'object')).toHaveLength(1);
});

test('a lock file that was cut off by a power cut does not keep the folder for ever', async () => {
  fs.writeFileSync(file, '{"pi');
  expect(await take()).toBeTypeOf('object');
});

test('a lock file that somebody removed is put back; once another process has the folder, the first one is told', async () => {
  let lost = 0;
  await take(() => (lost += 1));
  const before = fs.readFileSync(file, 'utf8');
  fs.rmSync(file);
  await expect
    .poll(async () => {
      await clock.advance(2_000);
      return fs.existsSync(file) && fs.readFileSync(file, 'utf8') === before;
    })
    .toBe(true);
  expect(lost).toBe(0);

  // A beat that was under way may put the file back before the other process looks: then it was refused.
  let other = Number.NaN;
  while (Number.isNaN(other)) {
    fs.rmSync(file, { force: true });
    other = (await otherHolder()).pid;
  }
  await expect
    .poll(
      async () => {
        await clock.advance(2_000);
        return lost;
      },
      { timeout: 20_000 },
    )
    .toBe(1);
});
