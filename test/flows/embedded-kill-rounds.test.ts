import { expect, test } from 'vitest';
import { freshDataDir } from '../support/database.ts';
import { killRounds } from '../support/kill-rounds.ts';

/** `npm run kill-rounds -- --rounds 100` does the same with any number, and with --mutant shows that it finds mistakes. */
test('I3: of 20 kills under load, every other one a power cut, none loses what was acknowledged or doubles it, and the sets are equal', async () => {
  const report = await killRounds({ rounds: 20, seed: 1, dataDir: freshDataDir() });
  console.log(report);
  expect(report).toMatchObject({ dead: undefined, lost: 0, doubled: 0, divergent: 0, powerCuts: 10 });
  expect(report.acked).toBeGreaterThan(500);
  expect(report.writesLost, 'the power cuts took something away').toBeGreaterThan(0);
  expect(Object.values(report.crashPoints).filter((hits) => hits > 0).length).toBeGreaterThanOrEqual(3);
}, 1_200_000);

test('I3: a commit that is answered before it is on the disk is found', async () => {
  const report = await killRounds({ rounds: 4, seed: 1, dataDir: freshDataDir(), mutant: 'fsync' });
  expect(report.lost).toBeGreaterThan(0);
}, 600_000);

test('I3: an event that is acknowledged before the commit is found', async () => {
  const report = await killRounds({ rounds: 3, seed: 1, dataDir: freshDataDir(), mutant: 'ack-order' });
  expect(report.lost).toBeGreaterThan(0);
}, 600_000);
