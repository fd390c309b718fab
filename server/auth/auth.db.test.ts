import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { testDatabase } from '../../test/support/database.ts';
import { manualClock, seconds } from '../kernel/clock.ts';
import { systemRandom } from '../kernel/random.ts';
import { must } from '../kernel/result.ts';
import { Secret } from '../kernel/secret.ts';
import {
  allows,
  audit,
  checkSecretKey,
  createAuthenticate,
  createSpace,
  createToken,
  ensureToken,
  listAudit,
  listSpaces,
  listTokens,
  type Principal,
  revokeToken,
  sees,
} from './auth.ts';

const database = testDatabase(import.meta.url);
const clock = manualClock();
const deps = { clock, random: systemRandom };

const space = (slug: string) =>
  database.db.transaction(async (tx) => must(await createSpace(tx, clock, { slug, name: slug }), 'free'));
const page = { after: 0, limit: 10 };

test('a slug names one space', async () => {
  await space('shop');
  expect(await database.db.transaction((tx) => createSpace(tx, clock, { slug: 'shop', name: 'x' }))).toBeUndefined();
});

test('a token says who asks, and stands in the database only as a hash', async () => {
  const { id } = await space('shop');
  const made = await database.db.transaction((tx) =>
    createToken(tx, deps, { spaceId: id, name: 'ci', role: 'editor' }),
  );
  const text = made.text.reveal();
  expect(text).toMatch(/^ush_[A-Za-z0-9_-]{43}$/);
  const authenticate = createAuthenticate({ db: database.db, clock });
  const actor = `token:${made.token.id}`;
  expect(await authenticate(`Bearer ${text}`)).toEqual({ actor, grants: [{ spaceId: id, role: 'editor' }] });
  for (const wrong of [
    undefined,
    '',
    text,
    `Basic ${text}`,
    `Bearer ${text}x`,
    `Bearer  ${text}`,
    'Bearer ',
    `Bearer ${text}\n`,
  ]) {
    expect(await authenticate(wrong)).toBeUndefined();
  }
  const rows = await database.db.query(sql`select t::text as row, last_used_at from api_tokens t`);
  expect(String(rows[0]?.['row'])).not.toContain(text.slice(4));
  expect(rows[0]?.['last_used_at']).toEqual(new Date(clock.now()));
});

test('T9: a revoked token is refused within five seconds, on a node that knew it too', async () => {
  const made = await database.db.transaction((tx) =>
    createToken(tx, deps, { spaceId: null, name: 'ci', role: 'owner' }),
  );
  const header = `Bearer ${made.text.reveal()}`;
  const knows = createAuthenticate({ db: database.db, clock });
  expect(await knows(header)).toBeDefined();
  expect(await database.db.transaction((tx) => revokeToken(tx, clock, made.token.id))).toBe(true);
  expect(await createAuthenticate({ db: database.db, clock })(header)).toBeUndefined();
  await clock.advance(seconds(5));
  expect(await knows(header)).toBeUndefined();
  expect(await database.db.transaction((tx) => revokeToken(tx, clock, made.token.id))).toBe(false);
});

test('USHER_API_TOKEN is an owner of everything, made once, and stays revoked', async () => {
  const text = new Secret('a-token-of-the-operator');
  expect(await database.db.transaction((tx) => ensureToken(tx, clock, text))).toBe(true);
  expect(await database.db.transaction((tx) => ensureToken(tx, clock, text))).toBe(false);
  const header = `Bearer ${text.reveal()}`;
  const principal = await createAuthenticate({ db: database.db, clock })(header);
  expect(principal).toMatchObject({ grants: [{ spaceId: null, role: 'owner' }] });
  const { items } = await listTokens(database.db, must(principal, 'known'), page);
  await database.db.transaction((tx) => revokeToken(tx, clock, must(items[0], 'one').id));
  await database.db.transaction((tx) => ensureToken(tx, clock, text));
  expect(await createAuthenticate({ db: database.db, clock })(header)).toBeUndefined();
});

test('I11: a principal of one space sees that space and does what its role allows', async () => {
  const [ours, theirs] = [await space('ours'), await space('theirs')];
  const editor: Principal = { actor: 'token:1', grants: [{ spaceId: ours.id, role: 'editor' }] };
  const owner: Principal = { actor: 'token:2', grants: [{ spaceId: null, role: 'owner' }] };
  expect([sees(editor, ours.id), sees(editor, theirs.id), sees(editor, null)]).toEqual([true, false, false]);
  expect((['viewer', 'editor', 'owner'] as const).map((role) => allows(editor, ours.id, role))).toEqual([
    true,
    true,
    false,
  ]);
  expect((['viewer', 'editor', 'owner'] as const).map((role) => allows(editor, theirs.id, role))).toEqual([
    false,
    false,
    false,
  ]);
  expect([allows(owner, theirs.id, 'owner'), allows(owner, null, 'owner')]).toEqual([true, true]);
  expect((await listSpaces(database.db, editor, page)).items.map(({ slug }) => slug)).toEqual(['ours']);
  expect(await listSpaces(database.db, owner, { after: 0, limit: 1 })).toMatchObject({
    total: 2,
    items: [{ slug: 'ours' }],
  });
});

test('the audit log is read newest first, a space at a time', async () => {
  const [ours, theirs] = [await space('ours'), await space('theirs')];
  const entry = { actor: 'token:1', action: 'destination.create', subject: 'dst_1' };
  await database.db.transaction(async (tx) => {
    await audit(tx, clock, { ...entry, spaceId: ours.id });
    await audit(tx, clock, { ...entry, spaceId: theirs.id });
    await audit(tx, clock, { ...entry, spaceId: ours.id, action: 'destination.update', details: { fields: ['name'] } });
  });
  const { items, total } = await listAudit(
    database.db,
    { spaceIds: [ours.id] },
    { before: Number.MAX_SAFE_INTEGER, limit: 1 },
  );
  expect(total).toBe(2);
  expect(items).toMatchObject([{ action: 'destination.update', details: { fields: ['name'] } }]);
  const rest = await listAudit(database.db, { spaceIds: [ours.id] }, { before: must(items[0], 'one').id, limit: 5 });
  expect(rest.items.map(({ action }) => action)).toEqual(['destination.create']);
});

test('T20: a database made with another key is not opened', async () => {
  const check = (keyId: string) => database.db.transaction((tx) => checkSecretKey(tx, keyId));
  expect((await check('one')).ok).toBe(true);
  expect((await check('one')).ok).toBe(true);
  expect(await check('two')).toEqual({ ok: false, error: 'made with another key' });
  expect((await check('one')).ok).toBe(true);
});
