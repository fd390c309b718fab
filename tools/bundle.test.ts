import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { bundled } from './bundle.mjs';

const root = mkdtempSync(path.join(tmpdir(), 'usher-bundle-'));
const cache = path.join(root, 'node_modules/.cache/usher');
const write = (name: string, text: string): void => writeFileSync(path.join(root, name), text);
const main = pathToFileURL(path.join(root, 'cli/main.ts'));
afterEach(() => rmSync(root, { recursive: true }));

test('what is put together is used until a source changes, knows its own place, and goes when nobody starts from it', async () => {
  for (const folder of ['cli', 'contract', 'sandbox', 'server', 'tools']) mkdirSync(path.join(root, folder));
  write('package-lock.json', '{}');
  write('server/part.ts', 'export const part: number = 1;');
  write('cli/main.ts', "import { part } from '../server/part.ts';\nexport const said = [part, import.meta.url];");

  const first = await bundled(main, root);
  expect(await import(first)).toMatchObject({ said: [1, main.href] });
  expect(await bundled(main, root)).toBe(first);

  write('server/part.ts', 'export const part: number = 22;');
  const longAgo = new Date(Date.now() - 8 * 24 * 3_600_000);
  for (const name of readdirSync(cache)) utimesSync(path.join(cache, name), longAgo, longAgo);
  const second = await bundled(main, root);
  expect(await import(second)).toMatchObject({ said: [22, main.href] });
  expect(readdirSync(cache)).toHaveLength(1);
});
