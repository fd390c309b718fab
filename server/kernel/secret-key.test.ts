import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemRandom } from './random.ts';
import { Secret } from './secret.ts';
import { loadSecretKey } from './secret-key.ts';

let dataDir = '';
beforeEach(async () => {
  dataDir = path.join(await mkdtemp(path.join(tmpdir(), 'usher-key-')), 'data');
});
afterEach(() => rm(path.dirname(dataDir), { recursive: true, force: true }));

test('the key is made once, readable by its owner only, and found again', async () => {
  const first = await loadSecretKey({ secretKey: undefined, dataDir }, systemRandom);
  const again = await loadSecretKey({ secretKey: undefined, dataDir }, systemRandom);
  expect(first).toEqual(again);
  expect(first.ok && first.value.length).toBe(32);
  expect((await stat(path.join(dataDir, 'secret-key'))).mode & 0o777).toBe(0o600);
});

test('processes that start at once end with one key and leave no drafts behind', async () => {
  const keys = await Promise.all(
    Array.from({ length: 8 }, () => loadSecretKey({ secretKey: undefined, dataDir }, systemRandom)),
  );
  expect(new Set(keys.map((key) => (key.ok ? key.value.toString('hex') : key.error))).size).toBe(1);
  expect(await readdir(dataDir)).toEqual(['secret-key']);
});

test('a given key is used as it is, and nothing is written', async () => {
  const given = Buffer.alloc(32, 3);
  const loaded = await loadSecretKey({ secretKey: new Secret(given.toString('base64')), dataDir }, systemRandom);
  expect(loaded).toEqual({ ok: true, value: given });
  await expect(readdir(dataDir)).rejects.toThrow('ENOENT');
});

test('a damaged key file is told, never replaced', async () => {
  await loadSecretKey({ secretKey: undefined, dataDir }, systemRandom);
  await writeFile(path.join(dataDir, 'secret-key'), 'half a k');
  const loaded = await loadSecretKey({ secretKey: undefined, dataDir }, systemRandom);
  expect(loaded).toMatchObject({ ok: false, error: expect.stringContaining('restore it from a backup') });
});
