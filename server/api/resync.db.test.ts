import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { idToText, type TargetId } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { advertiserId, engageEvent, makeWorld } from '../../test/support/world.ts';
import type { Db } from '../db/port.ts';
import { saveSeen } from '../destinations/destinations.ts';
import { days, minutes, seconds } from '../kernel/clock.ts';
import { silentLog } from '../kernel/log.ts';
import { must } from '../kernel/result.ts';
import { owed } from '../ledger/ledger.ts';
import { resyncStep } from '../ledger/resync.ts';

const database = testDatabase(import.meta.url);
const person = (n: number) => ({ userId: `u${n}`, email: `u${n}@example.com` });
const enters = (...people: number[]) => people.map((n) => engageEvent('vip', true, person(n)));
const exits = (...people: number[]) => people.map((n) => engageEvent('vip', false, person(n)));
const small = { chunkRows: 2, aheadMost: 4 };

/** Six members, all told, at one TikTok audience; the API of an owner. */
async function shop() {
  const world = await makeWorld(database.db);
  const { clock, spaceId, destinationId } = world;
  const settings = { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' };
  await world.mapping('addUser', settings);
  await world.mapping('removeUser', settings);
  await world.connect('vip');
  await world.walk();
  await world.process(...enters(0, 1, 2, 3, 4, 5));
  const [row] = await database.db.query<{ id: TargetId }>(sql`select target_id as id from targets`);
  const targetId = must(row, 'the target of the mapping').id;
  const api = apiUnderTest(database.db, clock);
  const token = await api.token(spaceId, 'editor');
  const path = `/api/v1/destinations/${idToText('destination', destinationId)}/targets/${idToText('target', targetId)}/resync`;
  const ask = async (method: string, more = '', body?: unknown) => {
    const { status, json } = await api.request(method, `${path}${more}`, {
      token,
      ...(body === undefined ? {} : { body }),
    });
    return { status, data: json?.data, errors: json?.errors };
  };
  const step = (most = small, db: Db = database.db) => resyncStep({ db, clock, log: silentLog }, most);
  const read = (limit = 100) => owed.readOwed(database.db, { spaceId, targetId }, limit, []);
  /** Tells TikTok the oldest of what is owed. */
  const tell = async (limit = 100) => {
    const pointers = (await read(limit)).map(({ pointer }) => pointer);
    await database.db.transaction(async (tx) => {
      await owed.deletePointers(tx, pointers);
      await owed.markSettled(tx, pointers, new Date(clock.now()));
    });
    return pointers.length;
  };
  const look = (size: number) => database.db.transaction((tx) => saveSeen(tx, clock, targetId, { size }));
  await tell();
  return { ...world, api, path, ask, step, read, tell, look, targetId };
}

test('a resync tells every present row and the removals of thirty days again, with TikTok’s view before and after', async () => {
  const { ask, step, read, tell, look, process, clock, rows } = await shop();
  await process(...exits(5));
  await tell();
  const before = await rows();
  expect(await ask('POST', '?dryRun=true', {})).toMatchObject({
    status: 200,
    data: { adds: 5, removes: 1, calls: 2, seconds: 1 },
  });
  expect(await ask('GET')).toMatchObject({ status: 200, data: null });
  expect(await ask('POST', '', {})).toMatchObject({
    status: 202,
    data: { state: 'running', reason: 'asked', total: 6, done: 0, before: null, finishedAt: null },
  });
  await step();
  expect(await read(), 'TikTok is looked at first').toHaveLength(0);
  await clock.advance(seconds(1));
  await look(5);
  while ((await ask('GET')).data.state === 'running') {
    await step();
    await clock.advance(seconds(1));
    await tell(3);
    if ((await ask('GET')).data.done === 6) await look(6);
  }
  expect((await ask('GET')).data).toMatchObject({
    state: 'done',
    total: 6,
    done: 6,
    before: { size: 5 },
    after: { size: 6 },
    finishedAt: expect.any(String),
  });
  // Rule 7: pointers without a change of level.
  expect(await rows()).toEqual(before);
});

test('never more than so many pointers are owed ahead, on the backfill lane', async () => {
  const { ask, step, read, tell, clock } = await shop();
  await ask('POST', '', {});
  await clock.advance(minutes(2));
  let repeated = 0;
  for (let i = 0; i < 12; i += 1) {
    await step();
    await clock.advance(seconds(1));
    const ahead = await read();
    expect(ahead.length).toBeLessThanOrEqual(small.aheadMost);
    expect(ahead.every(({ pointer }) => pointer.lane === 1)).toBe(true);
    if (i % 3 === 2) repeated += await tell(2);
  }
  expect(repeated).toBe(6);
});

test('live changes overtake: who leaves while a resync runs is removed, and not added again', async () => {
  const { ask, step, read, tell, process, clock, rows } = await shop();
  await ask('POST', '', {});
  await clock.advance(minutes(2));
  await step({ chunkRows: 100, aheadMost: 1_000 });
  await process(...exits(0));
  const due = await read();
  expect(due).toHaveLength(7);
  expect(due[0]).toMatchObject({ pointer: { lane: 0 }, row: { level: 0 } });
  // Rule 8: the repetition of what has changed meanwhile joins nothing.
  expect(due.filter(({ row }) => row === null)).toHaveLength(1);
  await tell();
  expect((await rows()).filter((row) => row.level === 1)).toHaveLength(5);
});

test('I3: a crash between the pointers and the cursor repeats nothing and leaves nothing out', async () => {
  const { ask, step, read, clock } = await shop();
  await ask('POST', '', {});
  await clock.advance(minutes(2));
  const all = { chunkRows: 2, aheadMost: 1_000 };
  let crashes = 0;
  const crashing: Db = {
    ...database.db,
    transaction: (work) =>
      database.db.transaction(async (tx) => {
        const done = await work(tx);
        crashes += 1;
        if (crashes % 3 === 1) throw new Error('killed before the commit');
        return done;
      }),
  };
  for (let i = 0; i < 20; i += 1) {
    await step(all, crashing).catch(() => 'more');
    await clock.advance(minutes(11));
  }
  expect(crashes).toBeGreaterThan(8);
  const due = await read();
  expect(due).toHaveLength(6);
  expect(new Set(due.map(({ pointer }) => pointer.personId)).size).toBe(6);
});

test('one at a time: a second one is refused, a paused one waits, a cancelled one ends', async () => {
  const { ask, step, read, clock } = await shop();
  await ask('POST', '', {});
  expect(await ask('POST', '', {})).toMatchObject({ status: 409, errors: [{ type: 'under-way' }] });
  expect(await ask('PATCH', '', { paused: true })).toMatchObject({ status: 200, data: { state: 'paused' } });
  await clock.advance(minutes(5));
  expect(await step()).toBe('idle');
  expect(await read()).toHaveLength(0);
  expect(await ask('PATCH', '', { paused: false })).toMatchObject({ status: 200, data: { state: 'running' } });
  await step();
  expect(await read()).toHaveLength(2);
  expect(await ask('DELETE')).toMatchObject({ status: 204 });
  expect(await step()).toBe('idle');
  expect(await ask('GET')).toMatchObject({ status: 200, data: { state: 'cancelled', completesAt: null } });
  expect(await ask('PATCH', '', { paused: true })).toMatchObject({ status: 404 });
  expect(await ask('POST', '', {})).toMatchObject({ status: 202 });
});

test('removals older than thirty days are repeated only after a restore from a backup that knew them; what is kept never', async () => {
  const { ask, process, tell, clock, targetId } = await shop();
  await process(...exits(4, 5));
  await tell();
  const backup = new Date(clock.now() + days(1)).toISOString();
  await clock.advance(days(40));
  expect((await ask('POST', '?dryRun=true', {})).data).toMatchObject({ adds: 4, removes: 0 });
  expect((await ask('POST', '?dryRun=true', { since: backup })).data).toMatchObject({ adds: 4, removes: 2 });
  await database.db.query(sql`
    update memberships set level = 2
    where target_id = ${targetId} and person_id = (select min(person_id) from memberships where level = 1)`);
  expect((await ask('POST', '?dryRun=true', {})).data).toMatchObject({ adds: 3, removes: 0 });
  expect(await ask('POST', '', { since: backup })).toMatchObject({
    status: 202,
    data: { reason: 'restore', total: 5 },
  });
});

test('I11: a resync is begun by editors of the space only, at a target of the destination', async () => {
  const { api, path, spaceId } = await shop();
  const viewer = await api.token(spaceId, 'viewer');
  expect((await api.request('POST', path, { token: viewer, body: {} })).status).toBe(403);
  const stranger = await api.token(await api.space('other'), 'owner');
  expect((await api.request('POST', path, { token: stranger, body: {} })).status).toBe(404);
  const owner = await api.token(spaceId, 'owner');
  const elsewhere = path.replace(/tgt_\d+/, 'tgt_999999');
  expect((await api.request('POST', elsewhere, { token: owner, body: {} })).status).toBe(404);
});
