/** Sends events to the Tracking API as fast as they are taken, or at a steady pace. */
import { Agent, request } from 'undici';
import { systemClock } from '../../server/kernel/clock.ts';
import type { Stand } from './stand.ts';

type Sender = Pick<Stand, 'stage' | 'prepared' | 'signal'>;

/** Requests as bytes, made before the clock starts, so that making them costs the measurement nothing. */
export function batchBodies(events: readonly object[], eventsARequest: number): Buffer[] {
  const bodies: Buffer[] = [];
  for (let from = 0; from < events.length; from += eventsARequest) {
    bodies.push(bodyOf(events.slice(from, from + eventsARequest)));
  }
  return bodies;
}

export const bodyOf = (events: readonly object[]): Buffer => Buffer.from(JSON.stringify({ batch: events }));

/** Sends all of them over so many connections, each with one request under way; everything must be answered 200. */
export async function sendAll(stand: Sender, bodies: readonly Buffer[], connections: number): Promise<void> {
  const dispatcher = new Agent({ connections, pipelining: 1 });
  let next = 0;
  const one = async (): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) await post(stand, body, dispatcher);
  };
  try {
    await Promise.all(Array.from({ length: connections }, one));
  } finally {
    await dispatcher.close();
  }
}

/** How often a request that is answered 429 or 503 comes again, as a client would. */
const triesMax = 100;

async function post(stand: Sender, body: Buffer, dispatcher: Agent): Promise<void> {
  const { stage, prepared, signal } = stand;
  for (let tries = 0; tries < triesMax; tries += 1) {
    signal.throwIfAborted();
    const answer = await request(`${stage.server}/v1/batch`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${btoa(`${prepared.writeKey}:`)}`,
      },
      body,
      dispatcher,
    });
    await answer.body.dump();
    if (answer.statusCode === 200) return;
    if (answer.statusCode !== 429 && answer.statusCode !== 503)
      throw new Error(`/v1/batch answered ${answer.statusCode}`);
    await systemClock.sleep(100);
  }
  throw new Error('the server never took a batch');
}

/**
 * An open loop: request number n leaves at its time whether or not the ones before were answered, so a server that falls
 * behind shows it. Gives, for each request, when it was acknowledged (milliseconds since 1970).
 */
export async function sendSteadily(
  stand: Sender,
  requests: { readonly count: number; readonly everyMs: number; readonly bodyOf: (position: number) => Buffer },
): Promise<number[]> {
  const dispatcher = new Agent({ connections: 64, pipelining: 1 });
  const began = systemClock.elapsed();
  try {
    return await Promise.all(
      Array.from({ length: requests.count }, async (_, position) => {
        await systemClock.sleep(began + position * requests.everyMs - systemClock.elapsed());
        await post(stand, requests.bodyOf(position), dispatcher);
        return systemClock.now();
      }),
    );
  } finally {
    await dispatcher.close();
  }
}

/** How often the sandbox is asked how far it is. */
const askEveryMs = 20;
/** A million people at a third of the speed of the machine in docs/performance.md. */
const patienceMs = 1_800_000;

/** Waits until the one audience holds so many ids at the sandbox; says how many it held when there are others. */
export async function untilHeld(stand: Stand, ids: number, audienceName = stand.prepared.audienceKey): Promise<void> {
  const end = systemClock.elapsed() + patienceMs;
  for (;;) {
    const held = await stand.doors.size(audienceName);
    if (held === ids) return;
    stand.signal.throwIfAborted();
    if (systemClock.elapsed() > end) throw new Error(`gave up: the sandbox holds ${held} of ${ids} ids`);
    await systemClock.sleep(askEveryMs);
  }
}
