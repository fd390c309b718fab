import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SourceId, SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent, SegmentEvent, SourceKind } from '../../contract/segment-event.ts';
import type { Db, Tx } from '../db/port.ts';
import type { Clock, Instant } from '../kernel/clock.ts';
import type { ReachCrashPoint } from '../kernel/crash-point.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import type { Vault } from '../kernel/secret.ts';
import type { IngestLimits } from './limits.ts';
import { defaultLimits } from './limits.ts';

/**
 * Segment's Tracking API and its webhooks: a request is checked, waits for the next micro-batch and is answered 200 only
 * after the transaction that holds its events has committed (I3).
 */
export interface Ingest {
  /** Whether a request is ours; the rest is Hono's. */
  handles(request: IncomingMessage): boolean;
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** The last 200 events of a space, newest first, for Test Mapping. Raw values: the API masks them. */
  recent(spaceId: SpaceId): readonly RecentEvent[];
  /** Answers from now on carry `connection: close`; resolves when everything taken in is committed and answered. */
  drain(): Promise<void>;
  stats(): IngestStats;
}

export interface RecentEvent {
  readonly at: Instant;
  readonly sourceId: SourceId;
  readonly sourceKind: SourceKind;
  readonly messageId: string;
  readonly event: SegmentEvent;
}

export interface IngestStats {
  /** Requests between their first byte and their answer. */
  readonly requests: number;
  readonly queuedEvents: number;
  /** Bodies being read and waiting. */
  readonly queuedBytes: number;
  readonly oldestMs: number;
  readonly microBatches: number;
  readonly events: number;
  readonly refused: number;
  readonly quarantined: number;
}

export interface IngestDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly vault: Vault;
  /** The stages behind ingest, in the same transaction (I12). Run again after a deadlock or with fewer events: no effects outside. */
  readonly process: (tx: Tx, batch: ReceivedEvent[]) => Promise<void>;
  readonly reached: ReachCrashPoint;
  readonly settings: IngestSettings;
}

export interface IngestSettings extends IngestLimits {
  /** Where browsers reach Usher, without a trailing slash: what analytics.js is told. */
  readonly publicUrl: string;
}

export const ingestDefaults: IngestLimits = defaultLimits;
