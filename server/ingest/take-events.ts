import type { IncomingMessage } from 'node:http';
import type { SourceId } from '../../contract/ids.ts';
import type { Clock } from '../kernel/clock.ts';
import { isObject } from '../kernel/json.ts';
import type { Random } from '../kernel/random.ts';
import { err, ok, type Result } from '../kernel/result.ts';
import { type Answer, accepted, refused, tryAgain } from './answer.ts';
import { type Body, readBody } from './body.ts';
import { type BodyShape, checkRequest, type ParsedBody } from './check-request.ts';
import { basicWriteKey, bodyWriteKey, isSigned } from './credentials.ts';
import type { IngestLimits } from './limits.ts';
import type { MicroBatches, Submission } from './micro-batches.ts';
import { publicMembership } from './reasons.ts';
import type { Sender, Senders } from './senders.ts';
import type { Sample, Tally } from './tally.ts';

export interface TakeParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: IngestLimits;
  readonly senders: Senders;
  readonly batches: MicroBatches;
  readonly held: Held;
}

/** Bytes of bodies on their way and waiting, of all requests together. */
export interface Held {
  bytes: number;
  refused: number;
}

/** Where the events come from: the Tracking API with a write key, or Segment's webhook. */
export type Entrance =
  | { readonly kind: 'tracking'; readonly shape: BodyShape }
  | { readonly kind: 'webhook'; readonly sourceId: SourceId | undefined };

/** Reads, checks and commits what a request brings; the answer is 200 only after the commit (I3). */
export async function takeEvents(
  parts: TakeParts,
  request: IncomingMessage,
  entrance: Entrance,
): Promise<Answer | undefined> {
  const bytesMax = mostBytes(parts.limits, entrance);
  const busy = refuseWhenFull(parts, Number(request.headers['content-length'] ?? 0));
  if (busy) return busy;
  let held = 0;
  const took = (bytes: number): void => {
    held += bytes;
    parts.held.bytes += bytes;
  };
  try {
    const read = parseBody(await readBody(request, { bytes: bytesMax, took }));
    if (read === undefined) return undefined;
    if (!read.ok) return read.error;
    // Before the database is asked who sends: what it takes to answer must not shift the events' times (segment-spec.md 1.6).
    const delivery: Delivery = { entrance, body: read.value, receivedUs: parts.clock.now() * 1_000 };
    const found = await findSender(parts, request, delivery);
    if (found.kind === 'refused') return refused(401, 'the write key or the signature is wrong');
    const settled = await parts.batches.submit(submissionOf(parts, found, delivery));
    return settled === 'committed' ? accepted : unavailable(parts.random);
  } finally {
    parts.held.bytes -= held;
  }
}

export const unavailable = (random: Random): Answer =>
  tryAgain(503, 'the database cannot take events now', 1 + Math.floor(random.fraction() * 5));

function mostBytes(limits: IngestLimits, entrance: Entrance): number {
  if (entrance.kind === 'webhook') return limits.webhookBytes;
  return entrance.shape.kind === 'single' ? limits.eventBytes : limits.batchBytes;
}

/** Refuses before the body is read, so that memory stays bounded however many come (reliability.md 5, "Backpressure"). */
function refuseWhenFull(parts: TakeParts, announced: number): Answer | undefined {
  const { limits, held } = parts;
  const waiting = parts.batches.waiting();
  const hasRoom =
    held.bytes + announced <= limits.queueBytes &&
    waiting.events < limits.queueEvents &&
    waiting.oldestMs < limits.queueAge;
  if (hasRoom) return undefined;
  held.refused += 1;
  // As long as the queue already is, spread out, so that those who wait do not all come back in the same second.
  const seconds = Math.min(30, 1 + Math.ceil(waiting.oldestMs / 1_000) + Math.floor(parts.random.fraction() * 4));
  return tryAgain(429, 'too many events at once', seconds);
}

interface ReadBody extends ParsedBody {
  readonly raw: Buffer;
}

/** Undefined: the client is gone. The content type counts for nothing: analytics.js says text/plain (segment-spec.md 1.2). */
function parseBody(body: Body): Result<ReadBody, Answer> | undefined {
  switch (body.kind) {
    case 'aborted':
      return undefined;
    case 'too large':
      return err(refused(400, 'Exceed payload limit'));
    case 'unknown encoding':
      return err(refused(415, 'the content encoding is neither gzip nor identity'));
    case 'damaged':
      return err(refused(400, 'the body is not valid gzip'));
    case 'read':
      return parseJson(body.bytes);
  }
}

function parseJson(raw: Buffer): Result<ReadBody, Answer> {
  const text = raw.toString('utf8').replace(/^\ufeff/, '');
  try {
    return ok({ raw, value: JSON.parse(text), bytes: raw.length, escapes: text.includes('\\u') });
  } catch {
    return err(refused(400, 'the body is not JSON'));
  }
}

type Found =
  | { kind: 'sender'; sender: Sender }
  /** Answered 200 like Segment does, and counted where an owner sees it. */
  | { kind: 'unknown' }
  /** Only a webhook is told: Segment shows its answer to whoever set it up. */
  | { kind: 'refused' };

interface Delivery {
  readonly entrance: Entrance;
  readonly body: ReadBody;
  readonly receivedUs: number;
}

async function findSender(parts: TakeParts, request: IncomingMessage, { entrance, body }: Delivery): Promise<Found> {
  const basic = basicWriteKey(request.headers);
  if (entrance.kind === 'tracking') {
    const key = basic ?? bodyWriteKey(body.value);
    const sender = key === undefined ? undefined : await parts.senders.byWriteKey(key);
    return sender ? { kind: 'sender', sender } : { kind: 'unknown' };
  }
  const keyed = basic === undefined ? undefined : await parts.senders.byWriteKey(basic);
  if (keyed && (entrance.sourceId === undefined || entrance.sourceId === keyed.sourceId))
    return { kind: 'sender', sender: keyed };
  const signed = entrance.sourceId === undefined ? undefined : await parts.senders.byWebhook(entrance.sourceId);
  return signed && isSigned(request.headers, body.raw, signed.secret)
    ? { kind: 'sender', sender: signed.sender }
    : { kind: 'refused' };
}

function submissionOf(parts: TakeParts, found: Exclude<Found, { kind: 'refused' }>, delivery: Delivery): Submission {
  if (found.kind === 'unknown')
    return onlyCounted({ spaceId: 0, sourceId: 0, reason: 'unknown_source', count: countEvents(delivery.body.value) });
  const { sender } = found;
  if (!sender.enabled)
    return onlyCounted({ ...placeOf(sender), reason: 'source_disabled', count: countEvents(delivery.body.value) });
  return checkedSubmission(parts, sender, delivery);
}

function checkedSubmission(parts: TakeParts, sender: Sender, { entrance, body, receivedUs }: Delivery): Submission {
  const checked = checkRequest(body, {
    shape: entrance.kind === 'tracking' ? entrance.shape : { kind: 'forwarded' },
    kind: sender.kind,
    receivedUs,
    limits: parts.limits,
    newMessageId: () => `usher-${parts.random.bytes(16).toString('hex')}`,
  });
  const place = placeOf(sender);
  const tallies: Tally[] = checked.failures.map(({ reason, count }) => ({
    ...place,
    outcome: 'failed',
    reason,
    count,
  }));
  const claimed = checked.events.filter((event) => event.membershipRemoved).length;
  if (claimed > 0) tallies.push({ ...place, outcome: 'ignored', reason: publicMembership, count: claimed });
  if (checked.batchReason) tallies.push({ ...place, outcome: 'batch', reason: checked.batchReason, count: 1 });
  const samples: Sample[] = checked.failures.map(({ reason, detail, sample }) => ({
    ...place,
    reason,
    detail,
    event: sample,
  }));
  const events = checked.events.map(({ event, timeUs, originalUs }) => ({
    ...place,
    sourceKind: sender.kind,
    event,
    timeUs,
    originalUs,
  }));
  return { events, tallies, samples };
}

const placeOf = ({ spaceId, sourceId }: Sender) => ({ spaceId, sourceId });

const onlyCounted = (tally: Omit<Tally, 'outcome'>): Submission => ({
  events: [],
  tallies: [{ ...tally, outcome: 'failed' }],
  samples: [],
});

function countEvents(body: unknown): number {
  if (Array.isArray(body)) return body.length;
  return isObject(body) && Array.isArray(body['batch']) ? body['batch'].length : 1;
}
