import fs from 'node:fs';
import path from 'node:path';
import type { Random } from '../../server/kernel/random.ts';

/**
 * Turns a data folder into what a power cut may leave of it: files lose what was written and not synced, as noted by
 * faulty-disk.mjs. SIGKILL alone loses nothing, since the system writes it out later, so a missing fsync would not show.
 * By chance some files keep everything: the system had just written them out.
 * @returns how many writes were lost
 */
export function cutPower(folder: string, control: string, random: Random): number {
  const journal = path.join(control, 'unsynced');
  const unsynced = unsyncedWrites(journal);
  const names = filesByInode(folder);
  let lost = 0;
  for (const [inode, writes] of unsynced) {
    const name = names.get(inode);
    if (name === undefined || random.fraction() < 0.25) continue;
    const file = fs.openSync(name, 'r+');
    for (const { position, size, before } of writes.toReversed()) {
      const bytes = Buffer.from(before, 'base64');
      fs.writeSync(file, bytes, 0, bytes.length, position);
      if (fs.fstatSync(file).size > size) fs.ftruncateSync(file, size);
      lost += 1;
    }
    fs.closeSync(file);
  }
  fs.truncateSync(journal, 0);
  return lost;
}

interface Write {
  readonly ino: number;
  /** Of the file, before. */
  readonly size: number;
  readonly position: number;
  readonly before: string;
}

/** In the order in which they were made, by file. */
function unsyncedWrites(journal: string): Map<number, Write[]> {
  const unsynced = new Map<number, Write[]>();
  const lines = fs.readFileSync(journal, 'utf8').split('\n');
  // A death in the middle of a line came before the write it tells of.
  lines.pop();
  for (const line of lines) {
    const noted = JSON.parse(line) as Write | { synced: number };
    if ('synced' in noted) {
      unsynced.delete(noted.synced);
      continue;
    }
    const writes = unsynced.get(noted.ino);
    if (writes) writes.push(noted);
    else unsynced.set(noted.ino, [noted]);
  }
  return unsynced;
}

function filesByInode(folder: string): Map<number, string> {
  const entries = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name));
  return new Map(entries.filter((name) => fs.statSync(name).isFile()).map((name) => [fs.statSync(name).ino, name]));
}
