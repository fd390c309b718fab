import type { EventType, SegmentEvent, SourceKind } from '../../contract/segment-event.ts';
import { isObject } from '../kernel/json.ts';
import { err, ok, type Result } from '../kernel/result.ts';
import type { IngestLimits } from './limits.ts';
import type { FailureReason } from './reasons.ts';
import { type ClientTimes, eventTimes, timeText } from './timestamps.ts';

/** An event that meets segment-spec.md 1.5, not yet tied to a source. */
export interface CheckedEvent {
  readonly event: SegmentEvent;
  readonly timeUs: number;
  readonly originalUs: number;
  /** Rule 4: a public source claimed a membership, which was taken out. */
  readonly membershipRemoved: boolean;
}

export interface Refusal {
  readonly reason: FailureReason;
  /** Our words where Segment's code says little. */
  readonly detail?: string;
}

export interface EventSetting {
  /** The type of a single endpoint; undefined in a batch, where every item brings its own. */
  readonly type: EventType | undefined;
  /** What the batch says for all of its items; an item's own word wins. */
  readonly batch: BatchLevel;
  readonly kind: SourceKind;
  readonly receivedUs: number;
  /** The same as text. */
  readonly receivedAt: string;
  readonly limits: IngestLimits;
  readonly newMessageId: () => string;
}

export interface BatchLevel extends ClientTimes {
  readonly context?: Readonly<Record<string, unknown>>;
  readonly integrations?: Readonly<Record<string, unknown>>;
}

type Raw = Readonly<Record<string, unknown>>;

/** Rule 4: whose write key is public says nothing about who is in an audience. */
export const mayCarryMembership = (kind: SourceKind): boolean => kind === 'server' || kind === 'webhook';

/** Checks one sanitised event and completes it: type, messageId, batch-level parts, times. */
export function checkEvent(raw: unknown, setting: EventSetting): Result<CheckedEvent, Refusal> {
  if (!isObject(raw)) return err({ reason: 'bad_request', detail: 'the event is not an object' });
  const type = setting.type ?? readType(raw['type']);
  if (type === undefined)
    return err({ reason: 'bad_request', detail: 'the type is none of track, identify, page, screen, group, alias' });
  const refusal = refuse(raw, type, setting.limits);
  if (refusal) return err(refusal);
  return ok(complete(raw, type, setting));
}

const eventTypes: ReadonlySet<unknown> = new Set<EventType>(['track', 'identify', 'page', 'screen', 'group', 'alias']);
const isEventType = (value: unknown): value is EventType => eventTypes.has(value);
const readType = (value: unknown): EventType | undefined => (isEventType(value) ? value : undefined);

const refuse = (raw: Raw, type: EventType, limits: IngestLimits): Refusal | undefined =>
  refuseIds(raw, type) ?? refuseByType(raw, type) ?? refuseSizes(raw, type, limits) ?? refuseContext(raw['context']);

function refuseIds(raw: Raw, type: EventType): Refusal | undefined {
  for (const field of ['userId', 'anonymousId', 'previousId', 'groupId'])
    if (isPresent(raw[field]) && typeof raw[field] !== 'string') return { reason: 'id_not_string', detail: field };
  if (type === 'alias') {
    const complete = isId(raw['userId']) && isId(raw['previousId']);
    return complete ? undefined : { reason: 'id_required', detail: 'alias needs userId and previousId' };
  }
  if (type === 'group' && !isId(raw['groupId'])) return { reason: 'id_required', detail: 'group needs groupId' };
  return isId(raw['userId']) || isId(raw['anonymousId']) ? undefined : { reason: 'no_user_anon_id' };
}

function refuseByType(raw: Raw, type: EventType): Refusal | undefined {
  if (type === 'track') {
    if (!isPresent(raw['event']) || raw['event'] === '') return { reason: 'event_not_defined' };
    if (typeof raw['event'] !== 'string') return { reason: 'event_not_string' };
  }
  if (isPresent(raw['properties']) && !isObject(raw['properties'])) return { reason: 'properties_not_object' };
  if (isPresent(raw['traits']) && !isObject(raw['traits'])) return { reason: 'traits_not_object' };
  if (type !== 'page' && type !== 'screen') return undefined;
  if (isPresent(raw['name']) && typeof raw['name'] !== 'string') return { reason: 'name_not_string' };
  if (isPresent(raw['category']) && typeof raw['category'] !== 'string') return { reason: 'category_not_string' };
  return undefined;
}

/** What Unify would drop without a word (segment-spec.md 1.3) is refused with one. */
function refuseSizes(raw: Raw, type: EventType, limits: IngestLimits): Refusal | undefined {
  const messageId = raw['messageId'];
  if (isPresent(messageId) && typeof messageId !== 'string') return bad('messageId is not a text');
  if (typeof messageId === 'string' && messageId.length > limits.messageIdLength)
    return bad(`messageId is longer than ${limits.messageIdLength} characters`);
  if (type === 'group' && String(raw['groupId']).length > limits.groupIdLength)
    return bad(`groupId is longer than ${limits.groupIdLength} characters`);
  for (const field of ['properties', 'traits'])
    if (countFields(raw[field]) > limits.fields) return bad(`more than ${limits.fields} ${field}`);
  return undefined;
}

function refuseContext(context: unknown): Refusal | undefined {
  if (!isPresent(context)) return undefined;
  if (!isObject(context)) return bad('context is not an object');
  const device = context['device'];
  if (isObject(device) && isPresent(device['advertisingId']) && typeof device['advertisingId'] !== 'string')
    return { reason: 'device_advertisingid_should_be_string' };
  return isObject(context['consent']) ? refuseConsent(context['consent']) : undefined;
}

/** An empty `consent` is allowed and means none (segment-spec.md 9.2). */
function refuseConsent(consent: Raw): Refusal | undefined {
  if (isPresent(consent['version']) && typeof consent['version'] !== 'number')
    return { reason: 'consent_version_should_be_number' };
  const preferences = consent['categoryPreferences'];
  if (!isPresent(preferences))
    return Object.keys(consent).length === 0 ? undefined : { reason: 'consent_categorypreferences_should_exist' };
  if (!isObject(preferences)) return { reason: 'consent_categorypreferences_fields_should_be_object' };
  return Object.values(preferences).every((value) => typeof value === 'boolean')
    ? undefined
    : { reason: 'consent_categorypreferences_fields_should_be_bool' };
}

function complete(raw: Raw, type: EventType, setting: EventSetting): CheckedEvent {
  const { writeKey: _key, _metadata, ...rest } = raw;
  const { batch } = setting;
  const times = eventTimes(
    {
      timestamp: raw['timestamp'] ?? batch.timestamp,
      originalTimestamp: raw['originalTimestamp'],
      sentAt: raw['sentAt'] ?? batch.sentAt,
    },
    setting.receivedUs,
  );
  const context = mergeContext(raw, setting);
  const integrations = isObject(raw['integrations']) ? raw['integrations'] : undefined;
  const { fields, removed } = withoutAudienceKey(rest, setting.kind);
  const event = {
    ...dropBlanks(fields),
    type,
    messageId:
      typeof raw['messageId'] === 'string' && raw['messageId'] !== '' ? raw['messageId'] : setting.newMessageId(),
    context: context.value,
    integrations: { ...batch.integrations, ...integrations },
    timestamp: timeText(times.timestampUs),
    originalTimestamp: timeText(times.originalUs),
    receivedAt: setting.receivedAt,
  };
  return {
    event,
    timeUs: times.timeUs,
    originalUs: times.originalUs,
    membershipRemoved: removed || context.membershipRemoved,
  };
}

function mergeContext(raw: Raw, setting: EventSetting): { value: Record<string, unknown>; membershipRemoved: boolean } {
  const own = isObject(raw['context']) ? raw['context'] : undefined;
  const value: Record<string, unknown> = { ...setting.batch.context, ...own };
  if (mayCarryMembership(setting.kind) || !Object.hasOwn(value, 'personas')) return { value, membershipRemoved: false };
  // Rule 4: an ordinary event from here on; the stages behind never see the claim.
  delete value['personas'];
  return { value, membershipRemoved: true };
}

/**
 * The other place of the claim (rule 4): the seed's mappings find the audience by `properties.audience_key`, so with it a
 * page's visitor could add and remove anybody by an event without any context. Only mappings that a customer writes for a
 * website's own events act on them.
 */
function withoutAudienceKey(fields: Raw, kind: SourceKind): { fields: Record<string, unknown>; removed: boolean } {
  const properties = fields['properties'];
  if (mayCarryMembership(kind) || !isObject(properties) || !Object.hasOwn(properties, 'audience_key'))
    return { fields, removed: false };
  const { audience_key: _, ...others } = properties;
  return { fields: { ...fields, properties: others }, removed: true };
}

/** Fields that say nothing (null, a blank id) are left out, so that the stages behind ask one question, not three. */
function dropBlanks(fields: Record<string, unknown>): Record<string, unknown> {
  for (const field of ['userId', 'anonymousId', 'previousId', 'groupId'])
    if (field in fields && !isId(fields[field])) delete fields[field];
  for (const field of ['properties', 'traits', 'name', 'category'])
    if (field in fields && !isPresent(fields[field])) delete fields[field];
  return fields;
}

const isPresent = (value: unknown): boolean => value !== undefined && value !== null;
const isId = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';
const countFields = (value: unknown): number => (isObject(value) ? Object.keys(value).length : 0);
const bad = (detail: string): Refusal => ({ reason: 'bad_request', detail });
