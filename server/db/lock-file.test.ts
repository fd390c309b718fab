import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeLock } from './lock-file.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-lock-'));
  file = path.join(folder, 'database.lock');
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;
const holders = (): string[] => fs.readdirSync(folder);

test('a free folder is taken, and free again after the release', () => {
  const lock = takeLock(file);
  expect(lock.ok).toBe(true);
  expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid });
  if (lock.ok) lock.value.release();
  expect(holders()).toEqual([]);
});

test('a living holder is never robbed, and its pid is named', () => {
  const other = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
  try {
    fs.writeFileSync(file, JSON.stringify({ pid: other.pid, started: null }));
    expect(takeLock(file)).toEqual({ ok: false, error: { pid: other.pid } });
  } finally {
    other.kill('SIGKILL');
  }
});

test('the same process does not get a folder twice', () => {
  expect(takeLock(file).ok).toBe(true);
  expect(takeLock(file)).toEqual({ ok: false, error: { pid: process.pid } });
});

test('what a dead process left behind is taken over', () => {
  fs.writeFileSync(file, JSON.stringify({ pid: deadPid(), started: '1' }));
  expect(takeLock(file).ok).toBe(true);
  expect(holders()).toEqual(['database.lock']);
});

test.runIf(fs.existsSync('/proc/self/stat'))('a pid that another process uses now is no living holder', () => {
  fs.writeFileSync(file, JSON.stringify({ pid: process.pid, started: '1' }));
  expect(takeLock(file).ok).toBe(true);
});

test('a lock file that was cut off by a crash does not keep the folder for ever', () => {
  fs.writeFileSync(file, '{"pi');
  expect(takeLock(file).ok).toBe(true);
});
