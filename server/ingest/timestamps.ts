/** Times of events in microseconds since 1970 (segment-spec.md 1.6, design.md 4.1 rule 1). */
export interface EventTimes {
  /** min(corrected timestamp, received at): a clock in the future freezes nobody. */
  readonly timeUs: number;
  /** Corrected for the client's clock, not clamped. */
  readonly timestampUs: number;
  /** As the client's clock had it; fractions beyond a millisecond kept, Engage writes nanoseconds. */
  readonly originalUs: number;
}

export interface ClientTimes {
  readonly timestamp?: unknown;
  readonly originalTimestamp?: unknown;
  readonly sentAt?: unknown;
}

/**
 * A `timestamp` beside an `originalTimestamp` was corrected by Segment already (what webhooks forward, and Engage's
 * events); else the client's clock is corrected by sentAt, if there is one.
 */
export function eventTimes(client: ClientTimes, receivedUs: number): EventTimes {
  const said = parseTime(client.timestamp);
  const original = parseTime(client.originalTimestamp);
  const originalUs = original ?? said ?? receivedUs;
  const corrected =
    original !== undefined && said !== undefined ? said : correct(originalUs, client.sentAt, receivedUs);
  const timestampUs = isStorable(corrected) ? corrected : receivedUs;
  return { timeUs: Math.min(timestampUs, receivedUs), timestampUs, originalUs };
}

/** receivedAt - (sentAt - originalTimestamp), segment-spec.md 1.6. */
function correct(originalUs: number, sentAt: unknown, receivedUs: number): number {
  const sentUs = parseTime(sentAt);
  return sentUs === undefined ? originalUs : receivedUs - (sentUs - originalUs);
}

const isoShape = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.(\d{1,9})\d*)?)?([Zz]|[+-]\d\d:?\d\d)?)?$/;

/** Microseconds since 1970, or undefined for what is no ISO-8601 time between 1970 and 2255. No zone means UTC. */
export function parseTime(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const shape = isoShape.exec(value);
  if (!shape) return undefined;
  const hasTime = value.length > 10;
  const ms = Date.parse(hasTime && shape[2] === undefined ? `${value}Z` : value);
  if (Number.isNaN(ms)) return undefined;
  const micros = ms * 1_000 + Number((shape[1] ?? '').padEnd(6, '0').slice(3, 6));
  return isStorable(micros) ? micros : undefined;
}

/** 2255-06-05: beyond it a double does not tell microseconds apart. Before 1970 Segment drops (segment-spec.md 1.3). */
const lastUs = Number.MAX_SAFE_INTEGER;
const isStorable = (us: number): boolean => us >= 0 && us <= lastUs;

/** ISO-8601 with milliseconds, or with microseconds where there are any. */
export function timeText(us: number): string {
  const fraction = us % 1_000;
  const text = new Date(Math.floor(us / 1_000)).toISOString();
  return fraction === 0 ? text : `${text.slice(0, -1)}${String(fraction).padStart(3, '0')}Z`;
}
