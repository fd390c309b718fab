import { Analytics } from '@segment/analytics-node';
import type { Clock } from '../../server/kernel/clock.ts';
import { type DemoEvent, demoEvents, engagePayload } from './people.ts';

/** What the sending process is told on its standard input, as JSON. */
export interface Sending {
  readonly server: string;
  readonly writeKey: string;
  readonly people: number;
  readonly startMs: number;
  readonly audienceKey: string;
}

/** What it says on its standard output: one JSON line each. */
export interface SendingProgress {
  readonly sent: number;
  readonly acknowledged: number;
  readonly failed: number;
}

/** 250 events of this size make about 200 KB, under the 480 KB the client allows itself (segment-spec.md 1.9). */
const batchEvents = 250;

/** Events that may wait for an answer: eight batches. More only fills memory. */
const waitingMax = 8 * batchEvents;

/**
 * Sends the demo's people through Segment's own client, which repeats what is not answered (with the same messageIds).
 * Enough repeats for a server that is killed and started again: 30 with at most a minute between them.
 */
export async function sendPeople(
  parts: { clock: Clock; report: (progress: SendingProgress) => void },
  sending: Sending,
): Promise<SendingProgress> {
  const client = new Analytics({
    writeKey: sending.writeKey,
    host: sending.server,
    flushAt: batchEvents,
    flushInterval: 500,
    maxRetries: 30,
    httpRequestTimeout: 60_000,
  });
  const counts = { sent: 0, acknowledged: 0, failed: 0 };
  const audience = { key: sending.audienceKey, computationId: 'aud_demo', spaceId: 'spa_demo' };
  const events = demoEvents(sending);
  parts.report({ ...counts }); // the clock of whoever watches starts here
  for (const event of events) {
    while (counts.sent - counts.acknowledged - counts.failed >= waitingMax) await parts.clock.sleep(5);
    counts.sent += 1;
    client.track(trackCall(event, audience), (error?: unknown) => {
      if (error === undefined || error === null) counts.acknowledged += 1;
      else counts.failed += 1;
      if ((counts.acknowledged + counts.failed) % batchEvents === 0) parts.report({ ...counts });
    });
  }
  await client.closeAndFlush({ timeout: 3_600_000 });
  return counts;
}

function trackCall(event: DemoEvent, audience: Parameters<typeof engagePayload>[1]) {
  const { event: name, messageId, userId, timestamp } = event;
  const { context, properties } = engagePayload(event, audience);
  return { event: name, messageId, userId, timestamp, properties, context };
}
