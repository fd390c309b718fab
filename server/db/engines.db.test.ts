import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { testDatabase } from '../../test/support/database.ts';

const database = testDatabase(import.meta.url);

test('a count comes back as a number', async () => {
  expect(await database.db.query(sql`select count(*) as spaces from spaces`)).toEqual([{ spaces: 0 }]);
});
