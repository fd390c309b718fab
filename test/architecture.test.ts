// What linters cannot see. Lengths of functions, parameters and cycles are Biome's; imports are dependency-cruiser's.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

interface Source {
  /** From the root of the repository, `server/ledger/ledger.ts`. */
  readonly file: string;
  readonly text: string;
}

const isTest = (file: string): boolean => /\.test\.ts$|\/test-[^/]+\.ts$/.test(file);
const read = (file: string): Source => ({ file, text: fs.readFileSync(path.join(root, file), 'utf8') });
const all = ['server', 'contract', 'sandbox', 'cli', 'test', 'bench'].flatMap(listSources).map(read);
const product = all.filter(({ file }) => !isTest(file) && !/^(test|bench)\//.test(file));
const tests = all.filter(({ file }) => file.endsWith('.test.ts') && file !== 'test/architecture.test.ts');

test('the rules below look at the real files', () => {
  expect(product.length).toBeGreaterThan(50);
  expect(tests.length).toBeGreaterThan(10);
});

test('the clock, chance, timers, the network and the environment are read in kernel and config only', () => {
  const ambient =
    /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b|\bfetch\(|\bprocess\.env\b|\bperformance\.now\b|\brandom(?:Bytes|UUID|Int)\b|'node:timers/;
  const exempt = (file: string): boolean => file.startsWith('server/kernel/') || file === 'server/config.ts';
  const found = product.filter(({ file }) => !exempt(file)).flatMap((source) => linesWith(source, ambient));
  expect(found).toEqual([]);
});

test('in the server only the TikTok client opens connections of its own', () => {
  const found = product
    .filter(({ file }) => file.startsWith('server/') && !file.startsWith('server/tiktok/'))
    .flatMap((source) => linesWith(source, /from 'undici'/));
  expect(found).toEqual([]);
});

test('a table is written by the folder that owns it, and by no other', () => {
  const owners = tableOwners();
  expect(owners.size).toBeGreaterThan(20);
  const writes = product.flatMap(({ file, text }) => [...writtenTables(text)].map((table) => ({ file, table })));
  const known = writes.filter(({ table }) => owners.has(table));
  expect(known.length, 'the parser finds writes').toBeGreaterThan(0);
  expect(known.filter(({ file, table }) => !file.startsWith(`server/${owners.get(table)}/`))).toEqual([]);
});

test('a lock is not taken for a write, and every kind of write is seen', () => {
  const script = `insert into a (n) values (1) on conflict (n) do update set n = 2; update b set n = 1;
    select n from c for update; select n from d for no key update; delete from only e; with x as (update f set n = 1)`;
  expect([...writtenTables(script)]).toEqual(['a', 'b', 'e', 'f']);
});

test('SQL stands in *.sql.ts, and in the database port itself', () => {
  const found = product
    .filter(({ file }) => !file.endsWith('.sql.ts') && file.startsWith('server/') && !file.startsWith('server/db/'))
    .flatMap((source) => linesWith(source, /^import (?!type)(?!\{ type \w+ \}).*'sql-template-tag'/));
  expect(found).toEqual([]);
});

test('every invariant is listed in ARCHITECTURE.md, kept at a named line of code, and named by a test', () => {
  const rows = read('ARCHITECTURE.md').text.match(/^\| I\d+ \|.*$/gm) ?? [];
  const listed = rows.map((row) => ({ id: row.match(/I\d+/)?.[0] ?? '', planned: row.includes('*Planned:*') }));
  expect(listed.map(({ id }) => id)).toEqual(Array.from({ length: 13 }, (_, i) => `I${i + 1}`));
  expect(listed.filter(({ planned }) => planned).map(({ id }) => id)).toEqual(['I9']);
  const due = listed.filter(({ planned }) => !planned).map(({ id }) => id);
  const comments = product.map(({ text }) => commentsOf(text)).join('\n');
  const titles = tests.flatMap(({ text }) => text.match(/(['"`]).*?\1/g) ?? []).join('\n');
  const missing = (where: string) => due.filter((id) => !new RegExp(`\\b${id}\\b`).test(where));
  expect({ withoutCode: missing(comments), withoutTest: missing(titles) }).toEqual({
    withoutCode: [],
    withoutTest: [],
  });
});

test('a file has at most 300 lines, or says at its top why it is longer', () => {
  const long = product
    .map(({ file, text }) => ({ file, lines: text.trimEnd().split('\n').length, top: text.slice(0, 600) }))
    .filter(({ lines, top }) => lines > 300 && !/\b(over|longer than|more than) 300 lines\b/i.test(top));
  expect(long.map(({ file, lines }) => `${file}: ${lines}`)).toEqual([]);
});

test('tests mock no modules, wait for no time, and none is left out or alone', () => {
  const forbidden =
    /\bvi\.(?:mock|doMock|useFakeTimers)\b|\bfrom 'node:timers\/promises'|setTimeout\(\s*(?:resolve|done|r)\b|\b(?:test|describe|it)\.(?:only|todo)\b/;
  expect(tests.flatMap((source) => linesWith(source, forbidden))).toEqual([]);
});

function listSources(folder: string): string[] {
  if (!fs.existsSync(path.join(root, folder))) return [];
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .map((name) => `${folder}/${name}`)
    .sort();
}

/** Comments may speak of what the code must not do. */
function linesWith({ file, text }: Source, pattern: RegExp): string[] {
  return text.split('\n').flatMap((line, index) => {
    const code = line.replace(/^\s*(\/\/|\/?\*).*$/, '').replace(/\s\/\/ .*$/, '');
    return pattern.test(code) ? [`${file}:${index + 1}: ${line.trim()}`] : [];
  });
}

const commentsOf = (text: string): string =>
  (text.match(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$|--\s.*$/gm) ?? []).join('\n');

/** `-- owner: auth ---` in the migrations, for the tables that follow it. */
function tableOwners(): Map<string, string> {
  const owners = new Map<string, string>();
  const folder = 'server/db/migrations';
  for (const name of fs.readdirSync(path.join(root, folder)).sort()) {
    let owner = '';
    for (const line of read(`${folder}/${name}`).text.split('\n')) {
      owner = line.match(/^-- owner: (\w+)/)?.[1] ?? owner;
      const table = line.match(/^create table (?:if not exists )?(\w+)/)?.[1];
      if (table) owners.set(table, owner);
    }
  }
  return owners;
}

/** `for update`, `for no key update` and `do update set` write nothing else. */
function writtenTables(text: string): Set<string> {
  const write =
    /(?:\binsert\s+into|\bdelete\s+from|\btruncate(?:\s+table)?|\bmerge\s+into|(?<!\bfor\s+|\bkey\s+|\bdo\s+)\bupdate)\s+(?:only\s+)?([a-z_]+)/g;
  return new Set([...text.matchAll(write)].map((match) => match[1] ?? ''));
}
