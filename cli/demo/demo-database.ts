import { Client } from 'pg';
import type { Random } from '../../server/kernel/random.ts';

/** A database of the demo's own on the given PostgreSQL server, so that nothing of the user's is touched. */
export interface DemoDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

export async function createDemoDatabase(serverUrl: string, random: Random): Promise<DemoDatabase> {
  // A name of our own making: letters and digits only, so it may stand in the statement.
  const name = `usher_demo_${random.bytes(6).toString('hex')}`;
  await onServer(serverUrl, `create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(serverUrl, `drop database if exists ${name} with (force)`) };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
