import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { idToText, type PersonId, type TargetId } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { advertiserId, engageEvent, makeWorld } from '../../test/support/world.ts';
import { upsertParked } from '../delivery/requests.sql.ts';
import { sweepIngestCounts } from '../ingest/ingest.ts';
import { days } from '../kernel/clock.ts';

const database = testDatabase(import.meta.url);

test('parked people are read page by page, oldest first, each once', async () => {
  const world = await makeWorld(database.db);
  const { spaceId, destinationId, clock } = world;
  await world.mapping('addUser', { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' });
  await world.connect('vip');
  const people = [0, 1, 2, 3, 4].map((n) => engageEvent('vip', true, { userId: `u${n}`, email: `u${n}@example.com` }));
  await world.process(...people);
  const rows = await database.db.query<{
    target: TargetId;
    origin: number;
    person: PersonId;
    variant: Buffer;
    seq: number;
  }>(sql`
    select target_id as target, origin_id as origin, person_id as person, variant, seq from memberships order by person_id desc`);
  for (const [n, row] of rows.entries()) {
    const place = { spaceId, targetId: row.target, originId: row.origin, personId: row.person, variant: row.variant };
    // Two at the same time: the time alone is no place in the list.
    const at = new Date(clock.now() + Math.floor(n / 2) * 1_000);
    const why = { seq: row.seq, action: 'add', code: 40002, message: 'id is wrong', requestId: null, at } as const;
    await database.db.transaction((tx) => upsertParked(tx, { ...place, ...why }));
  }
  const api = apiUnderTest(database.db, clock);
  const token = await api.token(spaceId, 'viewer');
  const path = `/api/v1/destinations/${idToText('destination', destinationId)}/parked?limit=2`;
  const seen: { personId: string; at: string }[] = [];
  let pages = 0;
  for (let next: string | null = ''; next !== null; pages += 1) {
    const { json } = await api.request('GET', next === '' ? path : `${path}&cursor=${next}`, { token });
    seen.push(...json.data);
    expect(json.pagination.total).toBe(5);
    next = json.pagination.next;
  }
  expect(pages).toBe(3);
  expect(new Set(seen.map(({ personId }) => personId)).size).toBe(5);
  expect(seen.map(({ at }) => at)).toEqual(seen.map(({ at }) => at).sort());
  expect((await api.request('GET', `${path}&cursor=7`, { token })).status).toBe(400);
});

test('what ingest counted is forgotten after its time, and not before', async () => {
  const { clock, spaceId } = await makeWorld(database.db);
  const now = clock.now();
  for (const age of [days(1), days(89), days(91)])
    await database.db.query(sql`
      insert into ingest_counts (space_id, source_id, minute, outcome, reason, count)
      values (${spaceId}, 1, ${new Date(now - age)}, 'received', '', 1)`);
  expect(await sweepIngestCounts(database.db, new Date(now - days(90)))).toBe('idle');
  expect(await database.db.query(sql`select 1 from ingest_counts where source_id = 1`)).toHaveLength(2);
});
