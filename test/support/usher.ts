import { randomBytes } from 'node:crypto';
import { request } from 'undici';
import { restClient, undiciHttp } from '../../cli/demo/http.ts';
import { freePorts } from '../../cli/demo/processes.ts';
import { type Prepared, prepare } from '../../cli/demo/setup.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { parseConfig } from '../../server/config.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { silentLog } from '../../server/kernel/log.ts';
import { type Running, type ServeOptions, serve } from '../../server/main.ts';
import { type FlowDatabase, flowDatabase } from './flow-database.ts';

/** A whole Usher in this process, with a sandbox, both on free ports, on the engine of the project. */
export interface Usher {
  readonly url: string;
  /** Makes the first account; the server prints it while there is none. */
  readonly setupLink: string;
  readonly sandbox: Sandbox;
  readonly database: FlowDatabase;
  /** Of an owner. */
  readonly token: string;
  /** The REST API as an owner. */
  readonly rest: ReturnType<typeof restClient>;
  /** Asks the REST API whatever it answers, for refusals and dry runs. */
  ask(method: Method, path: string, body?: object, headers?: Record<string, string>): Promise<Asked>;
  /** DELETE on the REST API; demands a 2xx. */
  remove(path: string): Promise<void>;
  /** Sends a batch to the Tracking API and demands 200. */
  send(writeKey: string, events: readonly object[]): Promise<void>;
  /** The seed's steps: a space, a source, a connected destination, both mappings, an audience and its connection. */
  prepare(slug?: string): Promise<Prepared>;
  /** Waits until nothing is owed to the destination and no doubt is open; gives the numbers. */
  settled(destinationId: string): Promise<Numbers>;
  numbers(destinationId: string): Promise<Numbers>;
  /** Stops the server and starts it again on the same database. */
  restart(whileStopped?: () => void | Promise<void>): Promise<void>;
  close(): Promise<void>;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
export interface Asked {
  readonly status: number;
  readonly etag: string | undefined;
  /** The parsed body, loosely: tests say what they expect of it. */
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked into by the test that knows it
  readonly json: any;
}

export interface Numbers {
  readonly owed: number;
  readonly parked: number;
  readonly doubts: number;
  readonly onTikTok: number;
  readonly skipped: number;
  readonly members: number;
  readonly settled: boolean;
  readonly paused: { reason: string } | null;
}

export interface UsherOptions {
  readonly env?: Record<string, string>;
  readonly serve?: ServeOptions;
  readonly sandbox?: Parameters<typeof startSandbox>[0]['settings'];
  /** Instead of a fresh database on the engine of the project. */
  readonly database?: FlowDatabase;
}

/** Nothing in a flow takes longer; a wait that does is a fault of the product, and the test says what it waited for. */
const patienceMs = 60_000;

export async function startUsher(options: UsherOptions = {}): Promise<Usher> {
  const database = options.database ?? (await flowDatabase());
  const sandbox = await startSandbox({
    port: 0,
    clock: systemClock,
    log: silentLog,
    ...(options.sandbox ? { settings: options.sandbox } : {}),
  });
  const token = `ush_test_${randomBytes(12).toString('hex')}`;
  // A port that is known before the start: TikTok's consent and analytics.js are told the address in the settings.
  const [port = 0] = await freePorts(1);
  const config = parseConfig({
    PORT: String(port),
    LOG_LEVEL: 'silent',
    TIKTOK_APP_ID: '7000000000000000001',
    TIKTOK_APP_SECRET: 'sandbox-secret',
    TIKTOK_API_URL: sandbox.apiUrl,
    TIKTOK_AUTH_URL: sandbox.authUrl,
    USHER_API_TOKEN: token,
    USHER_LEASE: '3s',
    USHER_DOUBT_WINDOW: '2s',
    ...database.env,
    ...options.env,
  });
  if (!config.ok) throw new Error(config.error.join('\n'));
  const settings = config.value;
  let running: Running = await serve(settings, options.serve ?? {});
  const rest = () => restClient(undiciHttp, running.url, token);
  const numbers = async (destinationId: string) =>
    (await rest().get(`/destinations/${destinationId}/delivery`)) as unknown as Numbers;
  return {
    get url() {
      return running.url;
    },
    token,
    get rest() {
      return rest();
    },
    get setupLink() {
      if (running.setupLink === undefined) throw new Error('there is an account already, so no set-up link');
      return running.setupLink.reveal();
    },
    sandbox,
    database,
    numbers,
    async ask(method, path, body, more = {}) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...more };
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await request(`${running.url}/api/v1${path}`, { method, headers, ...sent });
      const text = await answer.body.text();
      const etag = answer.headers['etag'];
      const json = text === '' ? undefined : JSON.parse(text);
      return { status: answer.statusCode, etag: typeof etag === 'string' ? etag : undefined, json };
    },
    async remove(path) {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await request(`${running.url}/api/v1${path}`, { method: 'DELETE', headers });
      const text = await answer.body.text();
      if (answer.statusCode > 299) throw new Error(`DELETE ${path} answered ${answer.statusCode}: ${text}`);
    },
    send: (writeKey, events) => send(running.url, writeKey, events),
    prepare: (slug = 'shop') => prepare({ http: undiciHttp, rest: rest(), server: running.url }, slug),
    settled: (destinationId) =>
      until(
        () => numbers(destinationId),
        (n) => n.settled,
        'the destination to be settled',
      ),
    async restart(whileStopped) {
      await running.stop();
      await whileStopped?.();
      running = await serve(settings, options.serve ?? {});
    },
    async close() {
      await running.stop();
      await sandbox.close();
      await database.drop();
    },
  };
}

async function send(url: string, writeKey: string, events: readonly object[]): Promise<void> {
  const answer = await request(`${url}/v1/batch`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`,
    },
    body: JSON.stringify({ batch: events, sentAt: new Date().toISOString() }),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`/v1/batch answered ${answer.statusCode}: ${text}`);
}

/** Asks again until the answer is as wanted: the only way a test waits for what happens in its own time. */
export async function until<T>(ask: () => Promise<T> | T, wanted: (answer: T) => boolean, what: string): Promise<T> {
  const end = systemClock.elapsed() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (systemClock.elapsed() > end)
      throw new Error(`gave up waiting for ${what}; last seen: ${JSON.stringify(answer)}`);
    await systemClock.sleep(50);
  }
}

/** An event as Engage emits it (segment-spec.md 2.4). People are invented. */
export function engageEvent(
  key: string,
  entered: boolean,
  person: { userId: string; email?: string; phone?: string; device?: { advertisingId: string; type: string } },
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const { userId, email, phone, device } = person;
  return {
    type: 'track',
    event: entered ? 'Audience Entered' : 'Audience Exited',
    messageId: `personas_${randomBytes(10).toString('hex')}`,
    userId,
    timestamp: new Date().toISOString(),
    properties: { audience_key: key, [key]: entered },
    context: {
      traits: { ...(email === undefined ? {} : { email }), ...(phone === undefined ? {} : { phone }) },
      ...(device ? { device: { ...device, adTrackingEnabled: true } } : {}),
      personas: {
        computation_class: 'audience',
        computation_id: `aud_${key}`,
        computation_key: key,
        namespace: 'spa_test',
        space_id: 'spa_test',
      },
    },
    ...more,
  };
}
