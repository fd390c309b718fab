import type pg from 'pg';
import { invariant } from '../kernel/result.ts';

/** Settings of a pool whose connections live in one schema; none: the server's own default. */
export function searchPath(schema: string | undefined): Pick<pg.PoolConfig, 'onConnect'> {
  if (schema === undefined) return {};
  invariant(/^[a-z_][a-z0-9_]{0,62}$/.test(schema), 'a schema name is lower-case letters, digits and _');
  // The pool waits for the promise, although its types say void.
  return { onConnect: async (client) => void (await client.query(`set search_path to ${schema}`)) };
}
