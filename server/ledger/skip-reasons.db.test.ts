import { raw } from 'sql-template-tag';
import { expect, test } from 'vitest';
import type { AudienceId, DestinationId, PersonId, SpaceId } from '../../contract/ids.ts';
import { testDatabase } from '../../test/support/database.ts';
import { mostRows } from '../../test/support/most-rows.ts';
import { type SkipReason, saveSkipReasons } from './skip-reasons.sql.ts';

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
