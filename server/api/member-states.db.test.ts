import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { idToText, type PersonId, type TargetId } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { advertiserId, engageEvent, makeWorld } from '../../test/support/world.ts';
import { upsertParked } from '../delivery/requests.sql.ts';

const database = testDatabase(import.meta.url);

/** Two on TikTok, two parked there, one skipped, one leaving, one owed. */
async function shop() {
  const world = await makeWorld(database.db);
  const { spaceId, destinationId, clock, process } = world;
  const api = apiUnderTest(database.db, clock);
  const token = await api.token(spaceId, 'editor');
  for (const action of ['addUser', 'removeUser'])
    await world.mapping(action, { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' });
  const audienceId = await world.connect('vip');
  await world.walk();
  const person = (userId: string) => ({ userId, email: `${userId}@shop.example` });
  const enters = ['ana', 'ben', 'dan', 'eva', 'fay'].map((name) => engageEvent('vip', true, person(name)));
  await process(...enters, engageEvent('vip', true, { userId: 'nameless' }));
  await world.settleAll();
  await park(['dan@shop.example', 'eva@shop.example']);
  await process(engageEvent('vip', false, person('fay')), engageEvent('vip', true, person('gil')));
  const destination = `/api/v1/destinations/${idToText('destination', destinationId)}`;
  const audience = `/api/v1/spaces/${idToText('space', spaceId)}/audiences/${idToText('audience', audienceId)}`;
  const get = async (path: string) => (await api.request('GET', path, { token })).json;
  return { ...world, api, token, destination, audience, get };

  async function park(emails: readonly string[]): Promise<void> {
    const rows = await database.db.query<{
      target: TargetId;
      origin: number;
      person: PersonId;
      variant: Buffer;
      seq: number;
    }>(sql`
      select m.target_id as target, m.origin_id as origin, m.person_id as person, m.variant, m.seq from memberships m
      join profile_identifiers i on i.space_id = m.space_id and i.person_id = m.person_id
      where i.value = any(${[...emails]}::text[]) order by m.person_id`);
    for (const [n, { target: targetId, origin: originId, person: personId, variant, seq }] of rows.entries()) {
      const place = { spaceId, targetId, originId, personId, variant, seq };
      const why = { action: 'add', code: 40002 + n * 698, message: 'id is wrong', requestId: null } as const;
      const at = new Date(clock.now());
      await database.db.transaction((tx) => upsertParked(tx, { ...place, ...why, at }));
    }
  }
}
type Shown = { personId: string; states: { outcome: string; reason: string | null }[]; exitedAt: string | null };

test('members are listed by what has become of them, and each list is as long as its number says', async () => {
  const { audience, get } = await shop();
  const [connection] = (await get(`${audience}/destination-connections`)).data;
  const { counts } = connection.sync;
  expect(counts).toMatchObject({ members: 6, onTikTok: 2, owed: 1, parked: 2, skipped: 1, leaving: 1 });
  const seen: string[] = [];
  for (const outcome of ['onTikTok', 'owed', 'parked', 'skipped', 'leaving'] as const) {
    const found: Shown[] = [];
    for (let next: string | null = '0'; next !== null; ) {
      const page: { data: Shown[]; pagination: { next: string | null; total: number } } = await get(
        `${audience}/members?outcome=${outcome}&limit=1&cursor=${next}`,
      );
      found.push(...page.data);
      expect(page.pagination.total).toBe(counts[outcome]);
      next = page.pagination.next;
    }
    expect(found).toHaveLength(counts[outcome]);
    for (const { states } of found) expect(states).toMatchObject([{ outcome }]);
    if (outcome === 'skipped') expect(found[0]?.states[0]?.reason).toMatch(/^no usable identifier/);
    if (outcome === 'parked') expect(found[0]?.states[0]?.reason).toMatch(/\(40002\)$/);
    if (outcome === 'leaving') expect(found[0]?.exitedAt).toEqual(expect.any(String));
    seen.push(...found.map(({ personId }) => personId));
  }
  expect(new Set(seen).size).toBe(7);
  const { data: everybody } = await get(`${audience}/members`);
  expect(everybody.map(({ states }: Shown) => states[0]?.outcome).sort()).toEqual(
    ['onTikTok', 'onTikTok', 'owed', 'parked', 'parked', 'skipped'].sort(),
  );
  expect(connection.targetIds).toHaveLength(1);
});

test('with several destinations a list by outcome names one of them', async () => {
  const { api, audience, destination, token, spaceId } = await shop();
  const metadataId = 'actions-tiktok-audiences';
  const body = { spaceId: idToText('space', spaceId), metadataId, name: 'Other' };
  const other = (await api.request('POST', '/api/v1/destinations', { token, body })).json.data.id;
  const connect = { token, body: { destinationId: other } };
  expect((await api.request('POST', `${audience}/destination-connections`, connect)).status).toBe(201);
  const ask = (query: string) => api.request('GET', `${audience}/members?outcome=parked${query}`, { token });
  expect((await ask('')).json.errors).toMatchObject([{ field: 'destinationId' }]);
  expect((await ask(`&destinationId=${destination.split('/').at(-1)}`)).json.data).toHaveLength(2);
  expect((await ask('&destinationId=dst_987654321')).status).toBe(400);
});

test('parked people are told by masked identifiers, and tried again one by one or by their reason', async () => {
  const { api, destination, get, token } = await shop();
  const list = () => get(`${destination}/parked`);
  const [first, second] = (await list()).data;
  expect(first.identifiers).toContainEqual({ type: 'email', masked: 'd***' });
  const retry = async (query: string) =>
    (await api.request('POST', `${destination}/parked/retry?${query}`, { token })).json.data;
  expect(await retry(`code=${second.code}&personId=${first.personId}`)).toEqual({ retried: 0 });
  expect(await retry(`personId=${first.personId}&targetId=${first.targetId}`)).toEqual({ retried: 1 });
  expect((await list()).data).toMatchObject([{ personId: second.personId }]);
  expect(await retry(`code=${second.code}`)).toEqual({ retried: 1 });
  expect((await list()).data).toEqual([]);
});

test('a list of audiences says when the number of members last changed', async () => {
  const { audience, get, process, clock } = await shop();
  const { lastChangeAt } = (await get(audience)).data;
  await clock.advance(60_000 as never);
  await process(engageEvent('vip', true, { userId: 'ana', email: 'ana@shop.example' }));
  expect((await get(audience)).data.lastChangeAt).toBe(lastChangeAt);
  await process(engageEvent('vip', true, { userId: 'hal', email: 'hal@shop.example' }));
  expect(Date.parse((await get(audience)).data.lastChangeAt)).toBeGreaterThan(Date.parse(lastChangeAt));
});
