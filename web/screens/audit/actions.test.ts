import fs from 'node:fs';
import { expect, test } from 'vitest';
import { actionName } from './actions.ts';

test('whatever the server records has words here', () => {
  const folders = ['auth', 'api'].map((name) => new URL(`../../../server/${name}/`, import.meta.url));
  const recorded = folders.flatMap((folder) =>
    fs
      .readdirSync(folder)
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .flatMap((name) => [...fs.readFileSync(new URL(name, folder), 'utf8').matchAll(/'([a-z]+(\.[a-z-]+)+)'/g)])
      .map(([, action = '']) => action),
  );
  const nouns =
    /^(audience|connection|destination|invitation|kept|parked|session|source|space|subscription|target|token|user)\./;
  const actions = [...new Set(recorded.filter((action) => nouns.test(action)))];
  expect(actions.length).toBeGreaterThan(40);
  expect(actions.filter((action) => actionName(action) === action)).toEqual([]);
});
