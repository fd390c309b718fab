/** Invented people without end, and what Engage would send about them (segment-spec.md 2.4). */
import { engagePayload } from '../../cli/demo/people.ts';
import { systemClock } from '../../server/kernel/clock.ts';

interface Person {
  readonly email: string;
  readonly phone: string;
  readonly device: { readonly type: 'ios' | 'android'; readonly advertisingId: string };
}

/** TikTok ids of an audience that is connected, as Engage writes them into events for actions that read them there. */
interface AudienceContext {
  readonly key: string;
  readonly advertiserId?: string;
  readonly externalId?: string;
}

/** Spelt as most shops have them: addresses with dots, plus signs and capitals, phones in E.164, ids in lower case. */
function personOf(number: number): Person {
  const hex = number.toString(16).padStart(12, '0');
  return {
    email: number % 3 === 0 ? `Person.${number}+shop@Example.com` : `person${number}@example.com`,
    // No area code begins with 0, so this is nobody's number, and still a possible one.
    phone: `+10${String(number).padStart(9, '0')}`,
    device: {
      type: number % 2 === 0 ? 'ios' : 'android',
      advertisingId: `38400000-8cf0-11bd-b23e-${hex}`,
    },
  };
}

/** An e-mail, a phone and a device id: so many hashes the sandbox holds of each. */
export const idsAPerson = 3;

/** The e-mail as TikTok's own page normalises it: what its hash is made of. */
export const plainEmail = (number: number): string => `person${number}@example.com`;

/** `entered` false: the person leaves. `atMs`: when it happened. */
export function engageEvent(
  number: number,
  { entered, atMs, ...audience }: AudienceContext & { entered: boolean; atMs: number },
): Record<string, unknown> {
  const identifiers = personOf(number);
  const event = entered ? 'Audience Entered' : 'Audience Exited';
  const messageId = `personas_${number}_${event}_${atMs}`;
  const timestamp = new Date(atMs).toISOString();
  const { context, properties } = engagePayload(
    { event, messageId, userId: `user-${number}`, timestamp, identifiers },
    { key: audience.key, computationId: 'aud_bench', spaceId: 'spa_bench' },
  );
  const personas = {
    ...context.personas,
    ...(audience.advertiserId === undefined ? {} : { audience_settings: { advertiserId: audience.advertiserId } }),
    ...(audience.externalId === undefined ? {} : { external_audience_id: audience.externalId }),
  };
  return {
    type: 'track',
    event,
    messageId,
    userId: `user-${number}`,
    timestamp,
    originalTimestamp: timestamp,
    receivedAt: timestamp,
    integrations: { All: false, 'TikTok Audiences': true },
    context: { ...context, personas },
    properties,
  };
}

/** People in a row who enter, an hour ago, one after the other. */
export function enters(key: string, from: number, count: number): Record<string, unknown>[] {
  const startMs = systemClock.now() - 3_600_000;
  return Array.from({ length: count }, (_, i) => engageEvent(from + i, { key, entered: true, atMs: startMs + i }));
}
