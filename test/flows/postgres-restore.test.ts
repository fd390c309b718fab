// A dump of a running server, put back into an emptied one: `pg_dump` and `pg_restore`, as operators do it.
import { afterAll, beforeAll, test } from 'vitest';
import { databaseAt, type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts';
import { expectRestored, unhurriedSandbox } from '../support/restored.ts';
import { startUsher, type Usher } from '../support/usher.ts';

let postgres: OwnPostgres;
let usher: Usher;
beforeAll(async () => {
  postgres = await startOwnPostgres();
  usher = await startUsher({ database: databaseAt(postgres.url), sandbox: unhurriedSandbox });
}, 120_000);
afterAll(async () => {
  await usher?.close();
  await postgres?.close();
});

test('after a restore a resync repeats what the backup knew, the events since then do the rest, and TikTok’s set is right', () =>
  expectRestored(usher, () => postgres.dump()));
