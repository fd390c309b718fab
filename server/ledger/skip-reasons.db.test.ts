import { raw } from 'sql-template-tag';
import { expect, test } from 'vitest';
import type { AudienceId, DestinationId, PersonId, SpaceId } from '../../contract/ids.ts';
import { testDatabase } from '../../test/support/database.ts';
import { mostRows } from '../../test/support/most-rows.ts';
import { type SkipReason, saveSkipReasons, selectHolders } from './skip-reasons.sql.ts';

const database = testDatabase(import.meta.url);
const people = 5_000;
const asked = 500;
const at = new Date('2026-06-01T00:00:00Z');

const reasonsOf = (reason: string | null): SkipReason[] =>
  Array.from({ length: asked }, (_, i) => ({
    spaceId: 1 as SpaceId,
    destinationId: 1 as DestinationId,
    audienceId: 1 as AudienceId,
    personId: (i + 1) as PersonId,
    reason,
  }));

test('saying why people are skipped, and that they are not any more, costs no more than these people, however many others there are', async () => {
  const { db } = database;
  await db.query(
    raw(
      `insert into audience_members (space_id, audience_id, person_id, present) select 1, 1, n, true from generate_series(1, ${people}) n`,
    ),
  );
  await db.query(
    raw(
      `insert into skip_reasons (space_id, destination_id, audience_id, person_id, reason, at) select 1, 1, 1, n, 'old', now() from generate_series(1, ${people}) n`,
    ),
  );
  await db.query(raw('analyze audience_members, skip_reasons'));
  expect(await mostRows(db, 'any', (tx) => saveSkipReasons(tx, reasonsOf('new'), at))).toBe(asked);
  expect(await mostRows(db, 'any', (tx) => saveSkipReasons(tx, reasonsOf(null), at))).toBe(asked);
  expect(await db.query(raw(`select 1 from skip_reasons where reason = 'new'`))).toEqual([]);
  expect((await db.query(raw('select 1 from skip_reasons'))).length).toBe(people - asked);
});

test('who of some people is held somewhere is asked for at the cost of these people, however many others there are', async () => {
  const { db } = database;
  await db.query(
    raw(`insert into memberships (space_id, target_id, origin_id, person_id, variant, level, normaliser, seq, entered_us, entered_original_us, entered_arrival, mapping_id)
      select 1, 1, 1, n, int8send(n), 1, 1, n, 1, 1, 1, 1 from generate_series(1, ${people}) n`),
  );
  await db.query(
    raw(`insert into spaces (space_id, slug, name, created_at) overriding system value values (1, 'shop', 'Shop', '2026-06-01');
      insert into destinations (space_id, destination_id, metadata_id, name, created_at, updated_at) overriding system value
        values (1, 1, 'actions-tiktok-audiences', 'Shop', '2026-06-01', '2026-06-01');
      insert into targets (space_id, target_id, destination_id, advertiser_id, named, state, created_at, updated_at) overriding system value
        values (1, 1, 1, '7', 'shop', 'ready', '2026-06-01', '2026-06-01')`),
  );
  await db.query(raw('analyze memberships, targets'));
  expect((await selectHolders(db, reasonsOf(null))).size).toBe(asked);
  expect(await mostRows(db, 'any', (tx) => selectHolders(tx, reasonsOf(null)))).toBe(asked);
});
