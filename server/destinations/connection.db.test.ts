import { createHash } from 'node:crypto';
import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { testDatabase } from '../../test/support/database.ts';
import { answerOf, type FakeTikTok, fakeTikTok } from '../../test/support/fake-tiktok.ts';
import { createSpace } from '../auth/auth.ts';
import { manualClock, minutes } from '../kernel/clock.ts';
import { systemRandom } from '../kernel/random.ts';
import { must } from '../kernel/result.ts';
import { vault } from '../kernel/secret.ts';
import {
  accessToken,
  beginAuthorization,
  createDestination,
  type Destination,
  finishAuthorization,
  getDestination,
  missingScopes,
  pause,
  removeDestination,
  resume,
  revokeAuthorization,
} from './destinations.ts';

const database = testDatabase(import.meta.url);
const clock = manualClock();
const safe = vault(Buffer.alloc(32, 7), systemRandom);
const record = async (): Promise<void> => {};

const depsOf = (tiktok: FakeTikTok) => ({
  db: database.db,
  clock,
  random: systemRandom,
  vault: safe,
  tiktok,
  tiktokOf: () => tiktok,
  redirectUri: 'https://usher.example/oauth/tiktok/callback',
});

async function destination(slug = 'shop'): Promise<Destination> {
  return database.db.transaction(async (tx) => {
    const space = must(await createSpace(tx, clock, { slug, name: slug }), 'free');
    const input = {
      spaceId: space.id,
      sourceId: null,
      metadataId: 'actions-tiktok-audiences',
      name: 'T',
      enabled: true,
    };
    const made = await createDestination(tx, clock, { ...input, settings: {} });
    if (!made.ok) throw new Error('settings');
    return made.value;
  });
}

async function begin(tiktok: FakeTikTok, to: Destination, returnTo: string | undefined = '/after'): Promise<string> {
  const url = await database.db.transaction((tx) =>
    beginAuthorization(tx, depsOf(tiktok), { spaceId: to.spaceId, destinationId: to.id, owner: 'token:1', returnTo }),
  );
  if (!url.ok) throw new Error(url.error);
  return must(new URL(url.value).searchParams.get('state'), 'a state');
}

const finish = (tiktok: FakeTikTok, state: string | undefined, options: { code?: string; owner?: string } = {}) =>
  finishAuthorization(
    depsOf(tiktok),
    { state, authCode: 'code' in options ? options.code : 'auth-code', owner: options.owner },
    record,
  );

const problem = (kind: string) => ({ ok: false, error: expect.objectContaining({ kind }) });
const tokenOf = (to: Destination) => accessToken({ db: database.db, vault: safe }, to.id);

test('T1, case 1: the way there and back connects the destination it was begun for', async () => {
  const tiktok = fakeTikTok();
  const to = await destination();
  const state = await begin(tiktok, to);
  expect(Buffer.from(state, 'base64url')).toHaveLength(32);
  const finished = await finish(tiktok, state);
  expect(finished).toMatchObject({
    ok: true,
    value: {
      destinationId: to.id,
      returnTo: '/after',
      owner: 'token:1',
      missingScopes: [],
      advertiserIds: ['7001', '7002'],
    },
  });
  expect((await tokenOf(to))?.reveal()).toBe(tiktok.grant.token);
  expect(await getDestination(database.db, to.id)).toMatchObject({ connected: true, paused: null, scopes: [3, 100] });
});

test('T1, case 2: without a state nothing happens', async () => {
  const tiktok = fakeTikTok();
  expect(await finish(tiktok, undefined)).toEqual(problem('unknown state'));
  expect(await finish(tiktok, '')).toEqual(problem('unknown state'));
  expect(tiktok.calls).toEqual([]);
});

test('T1, case 3: a state that was never given is refused', async () => {
  const tiktok = fakeTikTok();
  await begin(tiktok, await destination());
  expect(await finish(tiktok, systemRandom.bytes(32).toString('base64url'))).toEqual(problem('unknown state'));
  expect(tiktok.calls).toEqual([]);
});

test('T1, case 4: a state serves once, with whatever code', async () => {
  const tiktok = fakeTikTok();
  const state = await begin(tiktok, await destination());
  expect((await finish(tiktok, state)).ok).toBe(true);
  expect(await finish(tiktok, state, { code: 'code-of-an-attacker' })).toEqual(problem('used state'));
  expect(tiktok.calls).toEqual(['exchange auth-code']);
});

test('T1, case 5: of two callbacks at once one wins', async () => {
  const tiktok = fakeTikTok();
  const state = await begin(tiktok, await destination());
  const both = await Promise.all([finish(tiktok, state), finish(tiktok, state)]);
  expect(both.map((one) => one.ok).sort()).toEqual([false, true]);
  expect(tiktok.calls).toHaveLength(1);
});

test('T1, case 6: after ten minutes the state is too old, and stays so', async () => {
  const tiktok = fakeTikTok();
  const state = await begin(tiktok, await destination());
  await clock.advance(minutes(10));
  expect(await finish(tiktok, state)).toEqual(problem('expired state'));
  expect(await finish(tiktok, state)).toEqual(problem('used state'));
  expect(tiktok.calls).toEqual([]);
});

test('T1, case 7: a state of another session is refused, and used up', async () => {
  const tiktok = fakeTikTok();
  const to = await destination();
  const state = await begin(tiktok, to);
  expect(await finish(tiktok, state, { owner: 'user:2' })).toEqual(problem('other person'));
  expect(await finish(tiktok, state, { owner: 'token:1' })).toEqual(problem('used state'));
  expect(await tokenOf(to)).toBeUndefined();
});

test('T1, case 8: a state whose space is not that of the destination connects nothing', async () => {
  const tiktok = fakeTikTok();
  const to = await destination('ours');
  const other = await destination('theirs');
  const url = await database.db.transaction((tx) =>
    beginAuthorization(tx, depsOf(tiktok), {
      spaceId: other.spaceId,
      destinationId: to.id,
      owner: 'token:1',
      returnTo: '/',
    }),
  );
  const state = new URL(url.ok ? url.value : '').searchParams.get('state') ?? '';
  expect(await finish(tiktok, state)).toEqual(problem('no destination'));
  expect(await tokenOf(to)).toBeUndefined();
});

test('T1, case 9: a code that TikTok refuses, as it does a replayed one, connects nothing', async () => {
  const tiktok = fakeTikTok();
  tiktok.next.exchange = [answerOf<never>('refused', undefined, 'Auth_code is used or expired')];
  const to = await destination();
  const finished = await finish(tiktok, await begin(tiktok, to));
  expect(finished).toMatchObject({
    ok: false,
    error: { kind: 'not exchanged', message: 'Auth_code is used or expired' },
  });
  expect(await tokenOf(to)).toBeUndefined();
});

test('T1, case 10: who declines at TikTok comes back without a code', async () => {
  const tiktok = fakeTikTok();
  for (const code of [undefined, '']) {
    const state = await begin(tiktok, await destination(`shop${code?.length ?? 'none'}`));
    const finished = await finish(tiktok, state, { code } as { code?: string });
    expect(finished).toMatchObject({ ok: false, error: { kind: 'declined', returnTo: '/after' } });
  }
  expect(tiktok.calls).toEqual([]);
});

test('T1, case 11: a destination deleted meanwhile is not connected', async () => {
  const tiktok = fakeTikTok();
  const to = await destination();
  const state = await begin(tiktok, to);
  await database.db.transaction((tx) => removeDestination(tx, clock, to.id, { keepToken: false }));
  expect(await finish(tiktok, state)).toEqual(problem('no destination'));
  expect(await tokenOf(to)).toBeUndefined();
});

test('T1, case 12: the way back leads to this server and nowhere else', async () => {
  const tiktok = fakeTikTok();
  const to = await destination();
  for (const returnTo of ['https://evil.example', '//evil.example', '/\\evil.example', '/\t/evil.example', 'x', '']) {
    await expect(begin(tiktok, to, returnTo)).rejects.toThrow('bad return address');
  }
  expect(await begin(tiktok, to, '/destinations/dst_1?tab=settings')).toBeTruthy();
});

test('neither the state nor the token stands in the database', async () => {
  const tiktok = fakeTikTok();
  const to = await destination();
  const state = await begin(tiktok, to);
  await finish(tiktok, state);
  const rows = await database.db.query(
    sql`select state_hash, d.access_token, d::text as row from oauth_states, destinations d`,
  );
  expect(rows[0]?.['state_hash']).toEqual(createHash('sha256').update(state).digest());
  const dump = JSON.stringify(rows) + rows.map((row) => String(row['access_token'])).join();
  expect(dump).not.toContain(tiktok.grant.token);
  expect(dump).not.toContain(state);
  expect(dump).not.toContain(Buffer.from(tiktok.grant.token).toString('hex'));
});

test('T2: a sealed token moved to another destination does not open', async () => {
  const tiktok = fakeTikTok();
  const [a, b] = [await destination('a'), await destination('b')];
  await finish(tiktok, await begin(tiktok, a));
  await database.db.query(
    sql`update destinations set access_token = (select access_token from destinations where destination_id = ${a.id}) where destination_id = ${b.id}`,
  );
  await expect(tokenOf(b)).rejects.toThrow('does not open');
});

test('permissions that TikTok did not grant are named, and the needed ones stop sending', async () => {
  expect(missingScopes([30, 31, 10])).toEqual([]);
  expect(missingScopes([3, 1])).toEqual([]);
  expect(missingScopes([3]).map((scope) => scope.id)).toEqual([100]);
  expect(missingScopes([30]).map((scope) => scope.id)).toEqual([31, 100]);
  const tiktok = fakeTikTok();
  tiktok.grant.scopes = [30, 100];
  const to = await destination();
  await finish(tiktok, await begin(tiktok, to));
  expect((await getDestination(database.db, to.id))?.paused?.reason).toContain('Create and Update Custom Audiences');
});

test('I8: connecting again ends a pause; an answer to the old token does not begin one', async () => {
  const tiktok = fakeTikTok();
  const to = await destination();
  await finish(tiktok, await begin(tiktok, to));
  const old = must(await getDestination(database.db, to.id), 'there');
  const why = { reason: 'TikTok refuses the token', code: 40105 };
  expect(await database.db.transaction((tx) => pause(tx, clock, old, why))).toBe(true);
  expect(await getDestination(database.db, to.id)).toMatchObject({ paused: why });
  await clock.advance(minutes(1));
  await finish(tiktok, await begin(tiktok, to));
  expect(await getDestination(database.db, to.id)).toMatchObject({ paused: null });
  expect(await database.db.transaction((tx) => pause(tx, clock, old, why))).toBe(false);
  const now = must(await getDestination(database.db, to.id), 'there');
  expect(await database.db.transaction((tx) => pause(tx, clock, now, why))).toBe(true);
  expect(await database.db.transaction((tx) => resume(tx, clock, to.id))).toBe(true);
  expect(await getDestination(database.db, to.id)).toMatchObject({ paused: null });
});

test('revoking forgets the token even when TikTok does not answer, and says so', async () => {
  const tiktok = fakeTikTok();
  tiktok.next.revoke = [answerOf<never>('unknown', undefined, 'no answer')];
  const to = await destination();
  await finish(tiktok, await begin(tiktok, to));
  const revoked = await revokeAuthorization(depsOf(tiktok), to.id, record);
  expect(revoked).toEqual({ ok: true, value: { atTikTok: false, message: 'no answer' } });
  expect(await tokenOf(to)).toBeUndefined();
  expect(await revokeAuthorization(depsOf(tiktok), to.id, record)).toEqual({ ok: false, error: 'not connected' });
});
