import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Environment } from '../../server/config.ts';
import type { Clock } from '../../server/kernel/clock.ts';
import type { Random } from '../../server/kernel/random.ts';
import type { Sending } from './client.ts';
import { createDemoDatabase, type DemoDatabase } from './demo-database.ts';
import type { Http } from './http.ts';
import { freePorts, type Part, startPart, stopPart, waitUntilReady } from './processes.ts';
import type { Prepared } from './setup.ts';

export interface Stage {
  readonly folder: string;
  readonly server: string;
  readonly sandbox: string;
  readonly sandboxPart: Part;
  readonly token: string;
  readonly startMs: number;
  /** Starts a server on the stage's data; again after it was killed. */
  startServer(extra?: Environment): Promise<Part>;
  startClient(prepared: Prepared, people: number): Part;
  /** Stops everything and removes what was made; the folder with the logs stays if something went wrong. */
  close(how?: { keepFolder: boolean }): Promise<void>;
}

const hourMs = 3_600_000;

/** The sandbox knows this app without being told (sandbox/). */
const sandboxApp = { TIKTOK_APP_ID: '7000000000000000001', TIKTOK_APP_SECRET: 'sandbox-secret' };

/** A fresh folder, a database of its own, a running sandbox. The caller closes it, whatever happens. */
export async function openStage(
  parts: { clock: Clock; random: Random; http: Http; signal: AbortSignal },
  databaseUrl: string | undefined,
): Promise<Stage> {
  const folder = await mkdtemp(path.join(tmpdir(), 'usher-demo-'));
  const running: Part[] = [];
  let database: DemoDatabase | undefined;
  const close = async (how = { keepFolder: false }): Promise<void> => {
    for (const part of running.reverse()) await stopPart(part, parts.clock);
    await database?.drop();
    if (!how.keepFolder) await rm(folder, { recursive: true, force: true });
  };
  try {
    if (databaseUrl !== undefined) database = await createDemoDatabase(databaseUrl, parts.random);
    const [serverPort = 0, sandboxPort = 0] = await freePorts(2);
    const [server, sandbox] = [`http://127.0.0.1:${serverPort}`, `http://127.0.0.1:${sandboxPort}`];
    const token = parts.random.bytes(24).toString('base64url');
    const env: Environment = {
      PORT: String(serverPort),
      USHER_DATA: path.join(folder, 'data'),
      ...(database === undefined ? {} : { DATABASE_URL: database.url }),
      USHER_API_TOKEN: token,
      // Somebody to sign in as; nobody needs the password, a link does it (setup.ts).
      USHER_ADMIN_EMAIL: 'demo@example.com',
      USHER_ADMIN_PASSWORD: parts.random.bytes(24).toString('base64url'),
      ...sandboxApp,
      TIKTOK_API_URL: `${sandbox}/open_api/v1.3`,
      TIKTOK_AUTH_URL: `${sandbox}/portal/auth`,
      LOG_LEVEL: 'warn',
    };
    const start = (args: readonly [string, ...string[]], extra: Environment): Part => {
      const part = startPart(args, extra, path.join(folder, `${args[0]}.log`));
      running.push(part);
      return part;
    };
    const sandboxPart = start(['sandbox', '--port', String(sandboxPort)], {});
    await waitUntilReady(parts, sandboxPart, `${sandbox}/__sandbox/clock`);
    const startMs = parts.clock.now() - hourMs;
    return {
      folder,
      server,
      sandbox,
      sandboxPart,
      token,
      startMs,
      async startServer(extra = {}) {
        const part = start(['serve'], { ...env, ...extra });
        await waitUntilReady(parts, part, `${server}/readyz`);
        return part;
      },
      startClient(prepared, people) {
        const part = start(['demo-client'], {});
        const sending: Sending = {
          server,
          writeKey: prepared.writeKey,
          people,
          startMs,
          audienceKey: prepared.audienceKey,
        };
        part.child.stdin?.end(JSON.stringify(sending));
        return part;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
