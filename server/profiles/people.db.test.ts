import { raw } from 'sql-template-tag';
import { expect, test } from 'vitest';
import type { PersonId, SpaceId } from '../../contract/ids.ts';
import { testDatabase } from '../../test/support/database.ts';
import { mostRows } from '../../test/support/most-rows.ts';
import * as rows from './people.sql.ts';

const database = testDatabase(import.meta.url);
const people = 5_000;
const asked = 500;
const spaceId = 1 as SpaceId;
const personIds = Array.from({ length: asked }, (_, i) => (i + 1) as PersonId);
const spaceIds = personIds.map(() => spaceId);
const at = new Date('2026-06-01T00:00:00Z');

async function manyPeople(): Promise<void> {
  await database.db.query(
    raw(`insert into profiles (space_id, person_id, traits, created_at, updated_at)
      select 1, n, jsonb_build_object('city', 'Oslo'), now(), now() from generate_series(1, ${people}) n`),
  );
  await database.db.query(
    raw(`insert into profile_identifiers (space_id, type, value, person_id, created_at)
      select 1, 'user_id', 'u' || n, n, now() from generate_series(1, ${people}) n`),
  );
  await database.db.query(raw('analyze profiles, profile_identifiers'));
}

test('rule 3: locking people and counting their identifiers costs no more than these people, however many others there are', async () => {
  await manyPeople();
  expect(await mostRows(database.db, 'any', (tx) => rows.lockProfiles(tx, { spaceIds, personIds }))).toBe(asked);
  expect(await mostRows(database.db, 'any', (tx) => rows.countIdentifiers(tx, { spaceIds, personIds }))).toBe(asked);
});

test('traits are looked at for the people of the batch alone, and written where something is new', async () => {
  await manyPeople();
  const traits = personIds.map((id) => JSON.stringify({ city: id % 10 === 0 ? 'Bergen' : 'Oslo' }));
  const when = { at, bytesMax: 1_000 };
  const fold = () => mostRows(database.db, 'any', (tx) => rows.foldTraits(tx, { spaceIds, personIds, traits }, when));
  expect(await fold()).toBe(asked);
  const moved = await database.db.query(
    raw(`select 1 from profiles where traits ->> 'city' = 'Bergen' and updated_at = '${at.toISOString()}'`),
  );
  expect(moved.length).toBe(asked / 10);
});
