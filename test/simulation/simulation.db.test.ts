import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Db } from '../../server/db/port.ts';
import { openInSchema, testDatabase, testEngine } from '../support/database.ts';
import { type Engine, simulationEngine } from './engine.ts';
import { historyOf } from './history.ts';
import { simulate } from './simulate.ts';

const database = testDatabase(import.meta.url);
const opened: { engine?: Engine; monitor?: Db } = {};

beforeAll(async () => {
  const { db, pool, schema } = database;
  if (testEngine === 'postgres') opened.monitor = await openInSchema(schema);
  opened.engine = await simulationEngine({ ...db, pool }, opened.monitor);
});
afterAll(() => opened.monitor?.close());

test.each(Array.from({ length: 20 }, (_, i) => i + 1))(
  'I1, I2, I5: seed %i ends with the sets at TikTok that the model says',
  async (seed) => {
    const { divergences } = await simulate(opened.engine as Engine, historyOf(seed));
    expect(divergences).toEqual([]);
  },
  120_000,
);
