// Below the embedded engine, in its thread (patches.ts: faultyDisk): a disk that is full, fails or hangs while a test says
// so, and one that forgets at a power cut what was written and not synced. The folder USHER_TEST_DISK steers it:
// `fault` holds full, failing or hanging; `unsynced` is written here, and read by power-cut.ts.
import fs from 'node:fs';
import path from 'node:path';

const control = process.env['USHER_TEST_DISK'] ?? '';
const { openSync, writeSync, ftruncateSync, truncateSync, unlinkSync, renameSync, fsyncSync, fstatSync, readSync } = fs;
const journal = openSync(path.join(control, 'unsynced'), 'a');
const ownThread = new Int32Array(new SharedArrayBuffer(4));

// biome-ignore lint/complexity/useMaxParams: stands in for fs.writeSync
fs.writeSync = (file, buffer, offset, length, position) => {
  if (fault() === 'full') throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  while (fault() === 'hanging') Atomics.wait(ownThread, 0, 0, 20);
  rememberBefore(file, length, position);
  return writeSync(file, buffer, offset, length, position);
};
fs.fsyncSync = (file) => {
  if (fault() === 'failing') throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
  fsyncSync(file);
  note({ synced: fstatSync(file).ino });
};
// What shortens or removes a file is taken to be on the disk at once, with all that was written to it before: this disk
// never loses more than a real one may.
fs.ftruncateSync = (file, length) => {
  ftruncateSync(file, length);
  note({ synced: fstatSync(file).ino });
};
fs.truncateSync = (name, length) => {
  truncateSync(name, length);
  noteSynced(name);
};
fs.unlinkSync = (name) => {
  noteSynced(name);
  unlinkSync(name);
};
fs.renameSync = (from, to) => {
  noteSynced(to);
  renameSync(from, to);
};
fs.openSync = (name, flags, mode) => {
  const opened = openSync(name, flags, mode);
  if (typeof flags === 'number' && (flags & fs.constants.O_TRUNC) !== 0) note({ synced: fstatSync(opened).ino });
  return opened;
};

function fault() {
  try {
    return fs.readFileSync(path.join(control, 'fault'), 'utf8');
  } catch {
    return '';
  }
}

/** What stood there, and how long the file was: written down first, so that no death in between loses it. */
function rememberBefore(file, length, position) {
  const { ino, size } = fstatSync(file);
  const before = Buffer.alloc(Math.max(0, Math.min(length, size - position)));
  readSync(file, before, 0, before.length, position);
  note({ ino, size, position, before: before.toString('base64') });
}

function noteSynced(name) {
  const found = fs.statSync(name, { throwIfNoEntry: false });
  if (found) note({ synced: found.ino });
}

function note(line) {
  writeSync(journal, `${JSON.stringify(line)}\n`);
}
