import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Random } from './random.ts';
import { err, ok, type Result } from './result.ts';
import type { Secret } from './secret.ts';

const keyBytes = 32;

/**
 * The 32 bytes that seal what is stored: the given ones (USHER_SECRET_KEY, base64), else those of `secret-key` in the data
 * folder, which is made once with mode 0600. Two processes that start at once end with the same key: a finished file is
 * linked into place, and whoever comes second reads the first one's.
 */
export async function loadSecretKey(
  place: { readonly secretKey: Secret | undefined; readonly dataDir: string },
  random: Random,
): Promise<Result<Buffer, string>> {
  if (place.secretKey !== undefined) return ok(Buffer.from(place.secretKey.reveal(), 'base64'));
  const file = path.join(place.dataDir, 'secret-key');
  const stored = (await readIfThere(file)) ?? (await createKey(file, random));
  const key = Buffer.from(stored.trim(), 'base64');
  return key.length === keyBytes
    ? ok(key)
    : err(`${file} does not hold a key of ${keyBytes} bytes: restore it from a backup or set USHER_SECRET_KEY`);
}

async function createKey(file: string, random: Random): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${random.bytes(8).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${random.bytes(keyBytes).toString('base64')}\n`);
    await handle.sync(); // a key that is lost with the power makes every stored token unreadable
  } finally {
    await handle.close();
  }
  try {
    await link(draft, file);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
  await syncFolder(path.dirname(file));
  return readFile(file, 'utf8');
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

const isCode = (error: unknown, code: string): boolean => error instanceof Error && Reflect.get(error, 'code') === code;
