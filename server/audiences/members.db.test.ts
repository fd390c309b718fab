import sql, { raw } from 'sql-template-tag';
import { expect, test } from 'vitest';
import type { AudienceId, SpaceId } from '../../contract/ids.ts';
import { testDatabase } from '../../test/support/database.ts';
import { mostRows } from '../../test/support/most-rows.ts';
import { membersInOrder } from './audiences.ts';
import { selectMembersAfter, selectPeopleAfter } from './members.sql.ts';

const database = testDatabase(import.meta.url);

test.each(['before the database has looked at them', 'afterwards'])(
  'a chunk of a walk costs no more than its people, in however many audiences they are: %s',
  async (when) => {
    const { db } = database;
    await db.query(
      raw(`insert into audience_members (space_id, audience_id, person_id, present)
        select 1, a, n, true from generate_series(1, 10) a, generate_series(1, 1000) n`),
    );
    if (when === 'afterwards') await db.query(raw('analyze audience_members'));
    const place = { spaceId: 1 as SpaceId, audienceId: 7 as AudienceId, after: 200 };
    const limit = 300;
    const people = await selectPeopleAfter(db, { ...place, limit });
    expect(people.length).toBe(limit);
    expect((await selectMembersAfter(db, { ...place, limit })).map(({ personId }) => personId)).toEqual(people);
    expect(await mostRows(db, 'any', (tx) => selectPeopleAfter(tx, { ...place, limit }))).toBeLessThanOrEqual(limit);
    expect(await mostRows(db, 'any', (tx) => selectMembersAfter(tx, { ...place, limit }))).toBeLessThanOrEqual(limit);
  },
);

test('who came between the people of a chunk since they were listed takes nobody’s place', async () => {
  const { db } = database;
  const join = (...ids: number[]) =>
    db.query(
      sql`insert into audience_members (space_id, audience_id, person_id, present) select 1, 7, n, true from unnest(${ids}::bigint[]) n`,
    );
  await join(1, 3, 5, 7);
  const place = { spaceId: 1 as SpaceId, audienceId: 7 as AudienceId, after: 1 };
  const people = await selectPeopleAfter(db, { ...place, limit: 2 });
  await join(2, 4);
  expect((await membersInOrder(db, place, people)).map(({ personId }) => personId)).toEqual([3, 5]);
});
