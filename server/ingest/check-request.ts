import type { EventType, SourceKind } from '../../contract/segment-event.ts';
import { isObject } from '../kernel/json.ts';
import { type BatchLevel, type CheckedEvent, checkEvent, type EventSetting, type Refusal } from './check-event.ts';
import type { IngestLimits } from './limits.ts';
import { mask } from './mask.ts';
import type { BatchReason } from './reasons.ts';
import { sanitise } from './sanitise.ts';
import { timeText } from './timestamps.ts';

/** What the path and the headers said about a body. */
export type BodyShape =
  | { readonly kind: 'single'; readonly type: EventType }
  | { readonly kind: 'batch' }
  /** Segment's Webhooks destination: one event or an array of them. */
  | { readonly kind: 'forwarded' };

export interface CheckedRequest {
  readonly events: CheckedEvent[];
  readonly failures: Failure[];
  readonly batchReason: BatchReason | undefined;
}

export interface Failure extends Refusal {
  /** How many events it stands for. */
  readonly count: number;
  /** The event with its values masked (I13). */
  readonly sample: unknown;
}

export interface RequestSetting {
  readonly shape: BodyShape;
  readonly kind: SourceKind;
  readonly receivedUs: number;
  readonly limits: IngestLimits;
  readonly newMessageId: () => string;
}

/** Turns a parsed body into checked events; a bad one is set aside and takes no neighbour down. */
export function checkRequest(body: ParsedBody, setting: RequestSetting): CheckedRequest {
  const list = listEvents(body.value, setting);
  if (!list.ok) return { events: [], failures: [list.failure], batchReason: undefined };
  const batch = readBatchLevel(list.batch, body, setting.limits);
  if (!batch.ok)
    return { events: [], failures: [failed(batch.refusal, undefined, list.items.length)], batchReason: undefined };
  const eventSetting: EventSetting = {
    type: setting.shape.kind === 'single' ? setting.shape.type : undefined,
    batch: batch.value,
    kind: setting.kind,
    receivedUs: setting.receivedUs,
    receivedAt: timeText(setting.receivedUs),
    limits: setting.limits,
    newMessageId: setting.newMessageId,
  };
  const events: CheckedEvent[] = [];
  const failures: Failure[] = [];
  const mayBeTooLarge = body.bytes > setting.limits.eventBytes;
  for (const item of list.items) {
    const excess = findExcess(item, body, { limits: setting.limits, bytesBefore: batch.bytes, mayBeTooLarge });
    if (excess !== undefined) {
      failures.push(failed({ reason: 'bad_request', detail: excess }, item));
      continue;
    }
    const checked = checkEvent(item, eventSetting);
    if (checked.ok) events.push(checked.value);
    else failures.push(failed(checked.error, item));
  }
  return { events, failures, batchReason: failures.length === 0 ? undefined : batchReasonOf(events, failures) };
}

export interface ParsedBody {
  readonly value: unknown;
  /** Of the JSON text, inflated. */
  readonly bytes: number;
  /** Whether the text has any `\u` escape. */
  readonly escapes: boolean;
}

const batchReasonOf = (events: unknown[], failures: unknown[]): BatchReason | undefined => {
  if (events.length + failures.length < 2) return undefined;
  return events.length === 0 ? 'empty_batch_result' : 'multi_user_error';
};

type EventList =
  | { ok: true; items: unknown[]; batch: Readonly<Record<string, unknown>> }
  | { ok: false; failure: Failure };

function listEvents(value: unknown, { shape, limits }: RequestSetting): EventList {
  if (shape.kind === 'single') return { ok: true, items: [value], batch: {} };
  const many =
    shape.kind === 'forwarded'
      ? Array.isArray(value)
        ? value
        : undefined
      : isObject(value)
        ? value['batch']
        : undefined;
  if (shape.kind === 'forwarded' && many === undefined) return { ok: true, items: [value], batch: {} };
  if (!Array.isArray(many))
    return { ok: false, failure: failed({ reason: 'bad_request', detail: 'there is no batch array' }, value) };
  if (many.length === 0) return { ok: false, failure: failed({ reason: 'empty_batch' }, undefined) };
  const most = shape.kind === 'forwarded' ? limits.webhookEvents : limits.batchEvents;
  if (many.length > most)
    return {
      ok: false,
      failure: failed({ reason: 'bad_request', detail: `more than ${most} events` }, undefined, many.length),
    };
  return { ok: true, items: many, batch: shape.kind === 'batch' && isObject(value) ? value : {} };
}

type BatchLevelRead = { ok: true; value: BatchLevel; bytes: number } | { ok: false; refusal: Refusal };

/** The batch-level context goes into every item, so it counts towards each one's size. */
function readBatchLevel(
  batch: Readonly<Record<string, unknown>>,
  body: ParsedBody,
  limits: IngestLimits,
): BatchLevelRead {
  const parts = { context: batch['context'], integrations: batch['integrations'] };
  const clean = sanitise(parts, limits, body.escapes);
  if (!clean.ok) return { ok: false, refusal: { reason: 'bad_request', detail: `batch context: ${clean.problem}` } };
  const value: BatchLevel = {
    timestamp: batch['timestamp'],
    sentAt: batch['sentAt'],
    ...(isObject(parts.context) ? { context: parts.context } : {}),
    ...(isObject(parts.integrations) ? { integrations: parts.integrations } : {}),
  };
  return { ok: true, value, bytes: jsonBytes(parts) };
}

/** Depth first: JSON.stringify of something deep throws (reliability.md 4.1, T12). */
function findExcess(
  item: unknown,
  body: ParsedBody,
  size: { limits: IngestLimits; bytesBefore: number; mayBeTooLarge: boolean },
): string | undefined {
  const clean = sanitise(item, size.limits, body.escapes);
  if (!clean.ok) return clean.problem;
  if (!size.mayBeTooLarge || clean.bytesMost + size.bytesBefore <= size.limits.eventBytes) return undefined;
  return jsonBytes(item) + size.bytesBefore > size.limits.eventBytes ? 'larger than 32 KB' : undefined;
}

const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? '');

const failed = (refusal: Refusal, event: unknown, count = 1): Failure => ({ ...refusal, count, sample: mask(event) });
