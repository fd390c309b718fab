import fs from 'node:fs';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rest, restClient, undiciHttp } from '../../cli/demo/http.ts';
import type { Part } from '../../cli/demo/processes.ts';
import { type Prepared, prepare } from '../../cli/demo/setup.ts';
import { openStage, type Stage } from '../../cli/demo/stage.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { systemRandom } from '../../server/kernel/random.ts';
import { freshDataDir, postgresUrl, testEngine } from '../support/database.ts';
import { outcomesIn } from '../support/steady-stream.ts';
import { engageEvent, until } from '../support/usher.ts';

/** More than the server can take, at a fixed rate whatever it answers, as clients do that know nothing of each other. */
const parts = { clock: systemClock, random: systemRandom, http: undiciHttp, signal: new AbortController().signal };
const batchEvents = 100;
const megabyte = 1024 * 1024;

let stage: Stage;
let server: Part;
let rest: Rest;
let prepared: Prepared;
const patience = 120_000;
/** A connection for each request: one that is kept may be closed by the server in the moment in which it is used again. */
const agent = new Agent({
  connections: 2_000,
  pipelining: 0,
  connect: { timeout: patience },
  headersTimeout: patience,
  bodyTimeout: patience,
});

beforeAll(async () => {
  stage = await openStage(parts, testEngine === 'postgres' ? postgresUrl() : undefined);
  server = await stage.startServer(testEngine === 'embedded' ? { USHER_DATA: freshDataDir() } : {});
  rest = restClient(undiciHttp, stage.server, stage.token);
  prepared = await prepare({ http: undiciHttp, rest, server: stage.server }, 'overload');
}, 180_000);
afterAll(async () => {
  await stage?.close();
  await agent.close();
});

test('ten times what the server takes is answered 429 or 503 with Retry-After, memory stays level, and what was accepted is applied', async () => {
  const capacity = await eventsASecond();
  const answers: Answer[] = [];
  const underWay: Promise<void>[] = [];
  const began = systemClock.elapsed();
  /** By the clock and not by the answers: a stall shows as more requests at once, not as fewer. The most memory meanwhile. */
  const floodUntilRefused = async (most: number): Promise<number> => {
    let peak = 0;
    await until(
      () => {
        const due = ((systemClock.elapsed() - began) / 1_000) * ((10 * capacity) / batchEvents);
        while (underWay.length < due) underWay.push(send().then((answer) => void answers.push(answer)));
        peak = Math.max(peak, residentBytes());
        return answers.filter(({ status }) => status !== 200).length;
      },
      (refusals) => refusals >= most,
      `${most} refusals`,
    );
    return peak;
  };
  const whileItFills = await floodUntilRefused(250);
  const onceFull = await floodUntilRefused(1_000);
  await Promise.all(underWay);
  expect(answers.filter(({ status }) => typeof status === 'string')).toEqual([]);

  const accepted = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status !== 200);
  console.log({
    capacity: Math.round(capacity),
    accepted: accepted.length,
    refused: refused.length,
    fillingMB: Math.round(whileItFills / megabyte),
    fullMB: Math.round(onceFull / megabyte),
  });
  expect(refused.filter(({ status }) => status !== 429 && status !== 503)).toEqual([]);
  // Whole seconds, spread: reliability.md 5, "Backpressure".
  expect(refused.filter(({ retryAfter }) => !(retryAfter >= 1 && retryAfter <= 30))).toEqual([]);
  expect(accepted.length, 'it goes on taking what it can').toBeGreaterThan(0);
  // Refusals begin when the queue is full. What comes after that leaves nothing behind, however much it is.
  expect(onceFull).toBeLessThan(1.25 * whileItFills + 50 * megabyte);

  // Level again at once: the next event is taken, and everything acknowledged has been applied.
  await until(send, ({ status }) => status === 200, 'an event to be taken after the flood');
  const acknowledged = events.filter((batch) => batch.acknowledged).length * batchEvents;
  const received = outcomesIn(await rest.get(`/spaces/${prepared.spaceId}/ingest`))['received'] ?? 0;
  expect(received).toBeGreaterThanOrEqual(acknowledged);
  const unknown = refused.filter(({ status }) => status === 503).length * batchEvents;
  expect(received, 'a 503 may have happened, a 429 never').toBeLessThanOrEqual(acknowledged + unknown);
  const numbers = (await rest.get(`/destinations/${prepared.destinationId}/delivery`)) as { members?: number };
  expect(numbers.members).toBe(received);
}, 600_000);

interface Answer {
  /** A sentence where the connection was lost instead of an answer. */
  readonly status: number | string;
  readonly retryAfter: number;
}

const events: { acknowledged: boolean }[] = [];

/** One request of a hundred people nobody has seen yet. */
async function send(): Promise<Answer> {
  const number = events.length;
  const batch = { acknowledged: false };
  events.push(batch);
  const body = JSON.stringify({
    batch: Array.from({ length: batchEvents }, (_, i) =>
      engageEvent(prepared.audienceKey, true, { userId: `p-${number}-${i}`, email: `p-${number}-${i}@example.com` }),
    ),
  });
  try {
    const answer = await request(`${stage.server}/v1/batch`, {
      method: 'POST',
      dispatcher: agent,
      headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${prepared.writeKey}:`)}` },
      body,
    });
    await answer.body.dump();
    batch.acknowledged = answer.statusCode === 200;
    return { status: answer.statusCode, retryAfter: Number(answer.headers['retry-after'] ?? 0) };
  } catch (error) {
    return { status: String(error), retryAfter: 0 };
  }
}

/** What four clients that wait for their answers get through; the first requests warm the server up. */
async function eventsASecond(): Promise<number> {
  const rounds = 10;
  const client = async (): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) expect((await send()).status).toBe(200);
  };
  await client();
  const began = systemClock.elapsed();
  await Promise.all([client(), client(), client(), client()]);
  return (4 * rounds * batchEvents * 1_000) / (systemClock.elapsed() - began);
}

/** Resident memory of the server. Linux only, as the CI is; elsewhere it stays level by definition. */
function residentBytes(): number {
  try {
    const status = fs.readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}
