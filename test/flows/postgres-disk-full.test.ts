import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Prepared } from '../../cli/demo/setup.ts';
import { must } from '../../server/kernel/result.ts';
import { emailsAt } from '../support/at-tiktok.ts';
import { mountSmallDisk, type SmallDisk } from '../support/full-disk.ts';
import { databaseAt, type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts';
import {
  type HealthWatch,
  outcomesIn,
  type SteadyStream,
  steadyStream,
  watchHealth,
} from '../support/steady-stream.ts';
import { startUsher, type Usher, until } from '../support/usher.ts';

/**
 * A PostgreSQL whose disk is full (reliability.md 5, "Disk full"): first the disk of the tables, which refuses a statement
 * (53100), then the disk of the write-ahead log, which stops the server. Both are small file systems in memory, which only
 * root may mount.
 */
const [probe, megabytes] = [mountSmallDisk(1), 48];
probe?.unmount();
const mountable = probe !== undefined;
const why = mountable ? '' : ' (skipped: only root, with the right to mount, can make a small file system)';

let disk: SmallDisk | undefined;
let postgres: OwnPostgres;
let usher: Usher;
let shop: Prepared;
let stream: SteadyStream;
let health: HealthWatch;

beforeEach(() => {
  disk = mountSmallDisk(megabytes);
});
afterEach(async () => {
  if (!mountable) return;
  await stream?.stop();
  await health?.stop();
  await usher?.close();
  await postgres?.close();
  disk?.unmount();
});

test.runIf(mountable)(`I3: tables without room: 503, and on by itself once there is room again${why}`, async () => {
  postgres = await startOwnPostgres();
  await postgres.run(`create tablespace small location '${postgres.place(folder())}'`);
  await postgres.run('create database usher tablespace small');
  await open(postgres.url.replace(/postgres$/, 'usher'));
  await stream.more(5);
  must(disk, 'mounted').fill();
  // The probe of /readyz changes one row, for which there may be room in its page: it may go on answering 200.
  await refusals(3);
  expect(postgres.logged()).toContain('No space left on device');
  disk?.free();
  await health.becomes(true);
  await stream.more(5);
  await finish();
});

test.runIf(mountable)(`I3: a log without room stops PostgreSQL: 503 until it is started again${why}`, async () => {
  postgres = await startOwnPostgres({ logFolder: folder() });
  await open(postgres.url);
  await stream.more(5);
  must(disk, 'mounted').fill();
  await health.becomes(false);
  await until(postgres.logged, (log) => log.includes('PANIC'), 'PostgreSQL to stop over its log');
  await refusals(3);
  disk?.free();
  // What an operator does; a server that got up by itself stays as it is.
  await postgres.start();
  await health.becomes(true);
  await stream.more(5);
  await finish();
});

const folder = (): string => must(disk, 'a test runs with its disk only').folder;

async function open(url: string): Promise<void> {
  usher = await startUsher({
    database: databaseAt(url),
    env: { USHER_TIKTOK_CALLS_PER_SECOND: '1000', USHER_TIKTOK_CALLS_PER_MINUTE: '60000' },
    sandbox: { rate: { perSecond: null, perMinute: null } },
  });
  shop = await usher.prepare();
  health = watchHealth(usher.url);
  const { writeKey, audienceKey } = shop;
  // Large enough that tables and log need new room soon.
  stream = steadyStream({ urls: () => [usher.url], writeKey, audienceKey, name: 'disk', everyMs: 100, people: 40 });
}

async function refusals(count: number): Promise<void> {
  const refused = (): number => stream.answers.filter((answer) => answer.status === 503).length;
  const before = refused();
  await until(refused, (now) => now >= before + count, `${count} requests to be answered 503`);
}

async function finish(): Promise<void> {
  await stream.stop();
  await stream.resend(usher.url);
  await health.stop();
  for (const { status, retryAfter } of stream.answers)
    if (status !== 200)
      expect({ status, retryAfter }).toEqual({ status: expect.toBeOneOf([429, 503]), retryAfter: expect.any(Number) });
  expect(health.deadAnswers).toEqual([]);
  const expected = stream.expected();
  expect(await usher.settled(shop.destinationId)).toMatchObject({ onTikTok: expected.size, parked: 0 });
  expect(emailsAt(usher.sandbox, shop.advertiserId, shop.audienceKey)).toEqual(expected);
  const counted = outcomesIn(await usher.rest.get(`/spaces/${shop.spaceId}/ingest`));
  expect(counted['received']).toBe(stream.events);
}
