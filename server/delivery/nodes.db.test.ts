import { expect, test } from 'vitest';
import { testDatabase } from '../../test/support/database.ts';
import { manualClock, seconds } from '../kernel/clock.ts';
import { silentLog } from '../kernel/log.ts';
import { createNodeShare } from './nodes.ts';

const database = testDatabase(import.meta.url);
const clock = manualClock();

/** What a node would use of the whole budget now: nothing while it must not call. */
function newNode(nodeId: string) {
  let share = 1;
  const budget = {
    setShare(fraction: number) {
      share = fraction;
    },
  };
  const { db } = database;
  const deps = { db, clock, log: silentLog, nodeId, tiktok: { budget }, virtualNow: () => new Date(clock.now()) };
  const node = createNodeShare(deps);
  return { leave: node.leave, uses: async () => ((await node.beat()) ? share : 0) };
}

test('a node that is alone calls at once, and a second one waits until the first one uses half', async () => {
  const [first, second] = [newNode('one'), newNode('two')];
  expect(await first.uses()).toBe(1);
  // However their steps fall: together they never use more than the whole.
  for (let step = 0; step < 40; step += 1) {
    expect((await first.uses()) + (await second.uses())).toBeLessThanOrEqual(1);
    await clock.advance(250);
  }
  expect([await first.uses(), await second.uses()]).toEqual([0.5, 0.5]);
});

test('of two that begin at the same moment one waits for the other', async () => {
  const nodes = [newNode('one'), newNode('two')];
  const used = await Promise.all(nodes.map((node) => node.uses()));
  expect(used.toSorted()).toEqual([0, 1]);
});

test('a node that leaves gives its part back, one that is silent loses it and is new when it comes back', async () => {
  const [first, second] = [newNode('one'), newNode('two')];
  await second.uses();
  await first.uses();
  await clock.advance(seconds(10));
  expect([await second.uses(), await first.uses()]).toEqual([0.5, 0.5]);
  for (let beat = 0; beat < 12; beat += 1) {
    await clock.advance(seconds(2));
    await second.uses();
  }
  expect(await second.uses()).toBe(1);
  expect(await first.uses()).toBe(0);
  await first.leave();
  await clock.advance(seconds(2));
  expect(await second.uses()).toBe(1);
});
