import { expect, test } from 'vitest';
import { postgresUrl } from '../support/database.ts';
import { killRounds } from '../support/kill-rounds.ts';

/** `tools/with-postgres.sh npm run kill-rounds -- --engine pg --rounds 100` does the same with any number. */
test('I3: of 20 kills under load on PostgreSQL none loses what was acknowledged or doubles it, and the sets are equal', async () => {
  const report = await killRounds({ rounds: 20, seed: 1, databaseUrl: postgresUrl() });
  console.log(report);
  expect(report).toMatchObject({ lost: 0, doubled: 0, divergent: 0 });
  expect(report.acked).toBeGreaterThan(500);
  expect(Object.values(report.crashPoints).filter((hits) => hits > 0).length).toBeGreaterThanOrEqual(3);
}, 1_200_000);
