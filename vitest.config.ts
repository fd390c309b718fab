import { defineConfig } from 'vitest/config';

// Node 20 needs the loader of tools/ts.mjs in the test processes too, for what they start themselves (worker threads).
const nodeStripsTypes = Reflect.get(process.features, 'typescript') !== undefined;
const shared = {
  pool: 'forks' as const,
  isolate: false,
  execArgv: nodeStripsTypes ? [] : ['--import', new URL('./tools/ts.mjs', import.meta.url).href],
};
// What only one engine can show stands in files named after it: embedded*.test.ts, postgres*.test.ts.
const dbFiles = '{server,contract,sandbox,cli,test}/**/*.db.test.ts';
const database = { globalSetup: ['test/support/template.ts'], hookTimeout: 60_000, testTimeout: 30_000 };
// A flow starts whole servers: one at a time, after everything else.
const flows = {
  ...database,
  hookTimeout: 180_000,
  testTimeout: 120_000,
  fileParallelism: false,
  sequence: { groupOrder: 1 },
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['{server,contract,sandbox,cli,web,test,bench,tools}/**/*.test.ts'],
          exclude: ['**/*.db.test.ts', 'test/flows/**', 'test/browser/**', '**/node_modules/**'],
        },
      },
      { test: { ...shared, ...database, name: 'db', include: [dbFiles], exclude: ['**/postgres*.db.test.ts'] } },
      {
        test: {
          ...shared,
          ...database,
          name: 'pg',
          include: [dbFiles],
          exclude: ['**/embedded*.db.test.ts'],
          env: { TEST_ENGINE: 'pg' },
        },
      },
      {
        test: {
          ...shared,
          ...flows,
          name: 'flows',
          include: ['test/flows/**/*.test.ts'],
          exclude: ['**/postgres*.test.ts'],
        },
      },
      {
        test: {
          ...shared,
          ...flows,
          name: 'flows-pg',
          include: ['test/flows/**/*.test.ts'],
          exclude: ['**/embedded*.test.ts'],
          env: { TEST_ENGINE: 'pg' },
        },
      },
      {
        test: {
          ...shared,
          ...flows,
          globalSetup: [...flows.globalSetup, 'test/support/built-web.ts'],
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
        },
      },
    ],
  },
});
