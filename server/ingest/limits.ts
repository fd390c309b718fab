import { days, type Millis, seconds } from '../kernel/clock.ts';

/** Everything that comes in has a bound; numbers without a source here are Segment's (segment-spec.md 1.3). */
export interface IngestLimits {
  readonly eventBytes: number;
  readonly batchBytes: number;
  readonly batchEvents: number;
  /** What Segment's Webhooks (Actions) sends at most (design.md 7). */
  readonly webhookBytes: number;
  readonly webhookEvents: number;
  /** Nesting and number of keys of one event (reliability.md 4.1, T12). */
  readonly depth: number;
  readonly keys: number;
  /** Traits or properties of one event. */
  readonly fields: number;
  readonly messageIdLength: number;
  readonly groupIdLength: number;
  /** Bodies being read and events waiting for a transaction: beyond it 429, before memory grows. */
  readonly queueBytes: number;
  readonly queueEvents: number;
  readonly queueAge: Millis;
  /** One transaction: 5,000 rows a statement is where inserts stop getting faster (stack.md 4), and less than a second of work. */
  readonly microBatchEvents: number;
  /** Transactions at once; they wait for each other where they touch the same people. */
  readonly lanes: number;
  /** How long a messageId is remembered. Segment: at least 24 hours (segment-spec.md 1.7). */
  readonly dedupeWindow: Millis;
  /** A revoked key works no longer than this on any node; the promise is 5 s (reliability.md 4.1, T9). */
  readonly keyFresh: Millis;
  readonly unknownKeyFresh: Millis;
}

const kilobyte = 1_024;

export const defaultLimits: IngestLimits = {
  eventBytes: 32 * kilobyte,
  batchBytes: 500 * kilobyte,
  batchEvents: 2_500,
  webhookBytes: 5 * kilobyte * kilobyte,
  webhookEvents: 4_000,
  depth: 64,
  keys: 10_000,
  fields: 300,
  messageIdLength: 100,
  groupIdLength: 500,
  queueBytes: 32 * kilobyte * kilobyte,
  queueEvents: 50_000,
  queueAge: seconds(10),
  microBatchEvents: 5_000,
  lanes: 1,
  dedupeWindow: days(7),
  keyFresh: seconds(4),
  unknownKeyFresh: seconds(1),
};
