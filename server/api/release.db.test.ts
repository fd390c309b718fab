// Rule 12 in the background: what goes is said once and done in chunks, and nobody can tell when a chunk is done.
import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { type DestinationId, idToText, type TargetId } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { advertiserId, engageEvent, makeWorld } from '../../test/support/world.ts';
import { silentLog } from '../kernel/log.ts';
import { must } from '../kernel/result.ts';
import { counts, endTargets, owed, producersOf, releaseStep, walkStep } from '../ledger/ledger.ts';

const database = testDatabase(import.meta.url);
const person = (n: number) => ({ userId: `u${n}`, email: `p${n}@example.com` });
const seed = { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' };
const levelNames = ['absent', 'present', 'kept'];

/** Six members at TikTok, told, and the API of an owner. */
async function shop() {
  const world = await makeWorld(database.db);
  const { clock, spaceId, destinationId } = world;
  await world.mapping('addUser', seed);
  await world.mapping('removeUser', seed);
  const audienceId = await world.connect('vip');
  await world.walk();
  await world.process(...[1, 2, 3, 4, 5, 6].map((n) => engageEvent('vip', true, person(n))));
  await world.settleAll();
  const api = apiUnderTest(database.db, clock);
  const token = await api.token(spaceId, 'owner');
  const base = `/api/v1/destinations/${idToText('destination', destinationId as DestinationId)}`;
  const list = `/api/v1/spaces/${idToText('space', spaceId)}/audiences/${idToText('audience', audienceId)}/destination-connections`;
  const ask = (method: string, path: string, body?: unknown) =>
    api.request(method, path, { token, ...(body === undefined ? {} : { body }) });
  const connect = (query = '') =>
    ask('POST', `${list}${query}`, {
      destinationId: idToText('destination', destinationId),
      settings: { advertiserId },
    });
  const chunk = (rows: number) => releaseStep({ db: database.db, clock, log: silentLog }, rows);
  const levels = async () => {
    const found: Record<string, number> = {};
    for (const { level } of await world.rows()) {
      const name = levelNames[level] ?? '';
      found[name] = (found[name] ?? 0) + 1;
    }
    return found;
  };
  const pointers = async () =>
    (await database.db.query<{ n: number }>(sql`select count(*) as n from changes where space_id = ${spaceId}`))[0]?.n;
  const life = () => endTargets({ db: database.db, clock, producers: producersOf({ log: silentLog }) });
  const connection = `${list}/${idToText('destination', destinationId)}`;
  return { ...world, audienceId, base, connection, ask, connect, chunk, levels, pointers, life };
}

test('a connection that goes answers before a row is touched; its people go in chunks, and what is still to come is said', async () => {
  const { base, connection, ask, chunk, levels, destinationId } = await shop();
  expect((await ask('DELETE', `${connection}?people=remove`)).status).toBe(202);
  expect(await levels()).toEqual({ present: 6 });
  expect(await counts.countOwed(database.db, destinationId)).toEqual({ pointers: 6, doubts: 0 });
  expect(await chunk(4)).toBe('more');
  expect(await levels()).toEqual({ absent: 4, present: 2 });
  expect((await ask('GET', `${base}/targets`)).json.data[0].owed).toBe(6);
  expect(await chunk(4)).toBe('more');
  expect(await levels()).toEqual({ absent: 6 });
  expect(await chunk(4), 'the last chunk ended it').toBe('idle');
  expect(await counts.countOwed(database.db, destinationId)).toEqual({ pointers: 6, doubts: 0 });
  expect((await ask('DELETE', `${base}?people=remove`)).status, 'nothing is left to remove').toBe(204);
});

test('a deleted destination keeps its token until everybody is released and told', async () => {
  const { base, ask, chunk, levels, destinationId, settleAll } = await shop();
  await database.db.query(sql`update destinations set access_token = 'sealed'`);
  const token = async () =>
    (await database.db.query(sql`select 1 from destinations where access_token is not null`)).length;
  expect((await ask('DELETE', `${base}?people=remove`)).status).toBe(202);
  await chunk(2);
  await settleAll();
  expect((await counts.countOwed(database.db, destinationId)).pointers).toBe(4);
  expect(await owed.destinationOwes(database.db, destinationId), 'so delivery does not forget it').toBe(true);
  expect(await token()).toBe(1);
  await chunk(100);
  expect(await levels()).toEqual({ absent: 6 });
});

test('a connection made again before its people are released: the end is as if they had been released at once', async () => {
  const { connection, ask, connect, chunk, levels, process, pointers, clock } = await shop();
  await ask('DELETE', `${connection}?people=remove`);
  await chunk(2);
  // Whom nobody has come to yet counts as gone already: six would be added again.
  expect((await connect('?dryRun=true')).json.data).toMatchObject({ adds: 6, removes: 0 });
  expect((await connect()).status).toBe(201);
  await process(engageEvent('vip', true, person(6)), engageEvent('vip', false, person(5)));
  // The walk comes before the rest of the release.
  const deps = { db: database.db, clock, log: silentLog, producers: producersOf({ log: silentLog }) };
  expect(await walkStep(deps)).toBe('more');
  expect(await levels()).toEqual({ present: 5, absent: 1 });
  // Each once for what it is now; older ones join nothing.
  expect(await pointers()).toBe(8);
  await chunk(100);
  expect(await levels()).toEqual({ present: 5, absent: 1 });
});

test('people who turn out to be one while they are released: nobody escapes', async () => {
  const { connection, ask, process, chunk, levels } = await shop();
  await ask('DELETE', `${connection}?people=remove`);
  await chunk(1);
  await process({ type: 'alias', previousId: 'u6', userId: 'u2' }, { type: 'alias', previousId: 'u1', userId: 'u3' });
  while ((await chunk(1)) === 'more');
  expect(await levels()).toEqual({ absent: 6 });
});

test('what is kept and removed right after goes, however far keeping is', async () => {
  const { base, connection, ask, chunk, levels } = await shop();
  expect((await ask('DELETE', `${connection}?people=keep`)).status).toBe(204);
  await chunk(2);
  expect(await levels()).toEqual({ kept: 2, present: 4 });
  expect((await ask('DELETE', `${base}/kept`)).status).toBe(202);
  while ((await chunk(2)) === 'more');
  expect(await levels()).toEqual({ absent: 6 });
});

test('an owner gives up while people are still being released: it says how many stay, and nobody more goes', async () => {
  const { base, ask, chunk, levels, life, counts: counted, audienceId, pointers, connection } = await shop();
  await database.db.query(sql`update targets set state = 'ready', tiktok_id = '55'`);
  await ask('DELETE', `${connection}?people=remove`);
  await chunk(2);
  await life();
  const [leaving] = (await ask('GET', `${base}/leaving`)).json.data;
  expect(leaving).toMatchObject({ owed: 6, kept: 0, target: { leavingSince: expect.any(String) } });
  const gaveUp = await ask('POST', `${base}/targets/${leaving.target.id}/give-up`, {});
  expect(gaveUp).toMatchObject({ status: 200, json: { data: { stayed: 6 } } });
  while ((await chunk(2)) === 'more');
  expect(await levels()).toEqual({ kept: 6 });
  expect(await pointers()).toBe(0);
  expect(await counted(audienceId)).toMatchObject({ kept: 6 });
});

test('what moves to another target while it is released arrives there released', async () => {
  const { connection, ask, chunk, levels, life, spaceId, destinationId, clock } = await shop();
  await ask('DELETE', `${connection}?people=remove`);
  await chunk(1);
  const [old] = await database.db.query<{ id: TargetId }>(sql`select target_id as id from targets`);
  await database.db.query(sql`
    insert into targets (space_id, destination_id, advertiser_id, tiktok_id, state, created_at, updated_at)
    values (${spaceId}, ${destinationId}, ${advertiserId}, '77', 'ready', ${new Date(clock.now())}, ${new Date(clock.now())})`);
  await database.db.query(sql`
    update targets set state = 'blocked', tiktok_id = '77' where target_id = ${must(old, 'one target').id}`);
  while ((await life()) === 'more');
  expect(await levels()).toEqual({ absent: 6 });
  while ((await chunk(1)) === 'more');
  expect(await levels()).toEqual({ absent: 6 });
});

test('a release that fails rests, is named in the log without anybody’s identifier, and is done later', async () => {
  const { connection, ask, chunk, levels, clock, spaceId } = await shop();
  await ask('DELETE', `${connection}?people=remove`);
  await database.db.query(sql`alter table changes add constraint full_disk check (lane <> 1) not valid`);
  expect(await chunk(10)).toBe('more');
  expect(await chunk(10), 'it rests').toBe('idle');
  expect(await levels()).toEqual({ present: 6 });
  await database.db.query(sql`alter table changes drop constraint full_disk`);
  await clock.advance(11_000);
  expect(await chunk(10)).toBe('more');
  expect(await levels()).toEqual({ absent: 6 });
  expect(await database.db.query(sql`select 1 from releases where space_id = ${spaceId}`)).toEqual([]);
});
