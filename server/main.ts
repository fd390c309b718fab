/** Process entry: configuration → parts → start. Nothing else happens here. */
import { setFlagsFromString } from 'node:v8';
import { checkSecretKey, ensureToken, listSpaces, createToken as makeToken, type Role } from './auth/auth.ts';
import type { Config } from './config.ts';
import { migrate } from './db/migrate.ts';
import { openDatabase } from './db/open-database.ts';
import { systemClock } from './kernel/clock.ts';
import { createLog } from './kernel/log.ts';
import { systemRandom } from './kernel/random.ts';
import { vault as createVault } from './kernel/secret.ts';
import { loadSecretKey } from './kernel/secret-key.ts';
import { StartError } from './kernel/start-error.ts';
import type { Parts, Running, ServeOptions } from './start.ts';

export type { Running, ServeOptions };

/** Starts the server with the roles of USHER_ROLES. Throws StartError with a sentence for the operator. */
export async function serve(config: Config, options: ServeOptions): Promise<Running> {
  // The embedded engine is for small machines: 130 MB less, for 5 % of the events that it takes at most (docs/decisions/0021).
  if (config.databaseUrl === undefined) setFlagsFromString('--heap-growing-percent=100');
  // Side by side: the database takes as long to open as all the rest takes to load.
  const [parts, { start }] = await Promise.all([openParts(config), import('./start.ts')]);
  try {
    return await start(config, parts, options);
  } catch (error) {
    await parts.db.close();
    throw error;
  }
}

async function open(config: Config): Promise<Omit<Parts, 'vault'>> {
  const base = { clock: systemClock, random: systemRandom, log: createLog(config.logLevel) };
  const opened = await openDatabase({ url: config.databaseUrl?.reveal(), dataDir: config.dataDir }, base);
  if (!opened.ok) throw new StartError(opened.error);
  return { ...base, db: opened.value };
}

async function openParts(config: Config): Promise<Parts> {
  const { db, ...base } = await open(config);
  try {
    const key = await loadSecretKey(config, systemRandom);
    if (!key.ok) throw new StartError(key.error);
    const vault = createVault(key.value, systemRandom);
    const migrated = await migrate(db, base.log);
    if (!migrated.ok) throw new StartError(migrated.error);
    await db.transaction(async (tx) => {
      const checked = await checkSecretKey(tx, vault.keyId);
      if (!checked.ok) throw new StartError(wrongKey);
      if (config.apiToken) await ensureToken(tx, base.clock, config.apiToken);
    });
    return { ...base, vault, db };
  } catch (error) {
    await db.close();
    throw error;
  }
}

const wrongKey =
  'this database was made with another secret key, so its tokens cannot be opened: set USHER_SECRET_KEY to the key it was made with (nothing was changed)';

/** Brings the database to this version and closes it again. Gives the names of the migrations that ran. */
export async function runMigrations(config: Config): Promise<string[]> {
  const { db, log } = await open(config);
  try {
    const migrated = await migrate(db, log);
    if (!migrated.ok) throw new StartError(migrated.error);
    return Array.from({ length: migrated.value }, (_, i) => `migration ${i + 1} of ${migrated.value}`);
  } finally {
    await db.close();
  }
}

/** A new API token; the text is not kept and not shown again. `space` is a slug; without it the token is for all spaces. */
export async function createToken(
  config: Config,
  wanted: { name: string; role: Role; space?: string },
): Promise<string> {
  const { db, ...parts } = await openParts(config);
  try {
    return await db.transaction(async (tx) => {
      const owner = { grants: [{ spaceId: null, role: 'owner' as const }] };
      const spaces = await listSpaces(tx, owner, { after: 0, limit: 1_000 });
      const space = spaces.items.find((s) => s.slug === wanted.space);
      if (wanted.space !== undefined && !space)
        throw new StartError(`there is no space "${wanted.space}"; make it first, or leave --space out`);
      const made = await makeToken(tx, parts, { spaceId: space?.id ?? null, name: wanted.name, role: wanted.role });
      return made.text.reveal();
    });
  } finally {
    await db.close();
  }
}
