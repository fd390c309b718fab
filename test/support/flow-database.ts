import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { freshDataDir, postgresUrl, testEngine } from './database.ts';

export interface FlowDatabase {
  /** What a server process must find in its environment; the secret key lives in USHER_DATA on both engines. */
  readonly env: { USHER_DATA: string; DATABASE_URL?: string };
  /** Removes what was made; the server must have stopped. */
  drop(): Promise<void>;
}

/** A fresh database for a server process of its own, on the engine of the project (`flows`, `flows-pg`). */
export async function flowDatabase(): Promise<FlowDatabase> {
  if (testEngine === 'embedded') {
    const dataDir = freshDataDir();
    return { env: { USHER_DATA: dataDir }, drop: async () => removeFolder(dataDir) };
  }
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-flow-'));
  const database = await freshPostgresDatabase();
  return {
    env: { USHER_DATA: dataDir, DATABASE_URL: database.url },
    async drop() {
      removeFolder(dataDir);
      await database.drop();
    },
  };
}

/** An empty database with a name of its own on the test server. */
export async function freshPostgresDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `usher_test_${randomBytes(6).toString('hex')}`;
  await runOnServer(`create database ${name}`);
  const url = new URL(postgresUrl());
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => runOnServer(`drop database if exists ${name} with (force)`) };
}

async function runOnServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

const removeFolder = (folder: string): void => fs.rmSync(folder, { recursive: true, force: true });
