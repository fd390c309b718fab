import { createHash } from 'node:crypto';
import type { DemoEvent, Identifiers } from './people.ts';

/**
 * What TikTok must hold in the end, worked out from the events alone by code of its own: nothing of the product is used
 * here, so that a mistake there cannot hide itself.
 */
export interface Expected {
  /** `EMAIL_SHA256:9f86d0…` and so on. */
  readonly identifiers: ReadonlySet<string>;
  readonly members: number;
  readonly left: number;
  /** Members of whom nothing usable is known. */
  readonly unusable: number;
}

export function expectedAtTikTok(events: readonly DemoEvent[]): Expected {
  const people = new Map<string, DemoEvent[]>();
  for (const event of events) {
    const known = people.get(event.userId);
    if (known === undefined) people.set(event.userId, [event]);
    else known.push(event);
  }
  const identifiers = new Set<string>();
  let members = 0;
  let unusable = 0;
  for (const events of people.values()) {
    const held = heldInTheEnd(events);
    if (held === undefined) continue;
    members += 1;
    if (held.size === 0) unusable += 1;
    for (const identifier of held) identifiers.add(identifier);
  }
  return { identifiers, members, left: people.size - members, unusable };
}

/** The identifiers of all enters since the last exit, or undefined for somebody who is out. */
function heldInTheEnd(events: readonly DemoEvent[]): Set<string> | undefined {
  let held: Set<string> | undefined;
  for (const event of events.toSorted((a, b) => a.timestamp.localeCompare(b.timestamp))) {
    if (event.event === 'Audience Exited') {
      held = undefined;
    } else {
      held ??= new Set();
      for (const identifier of hashed(event.identifiers)) held.add(identifier);
    }
  }
  return held;
}

/** By the rules of tiktok-api.md 8.3: profile `api_doc`, phones as E.164 with the plus sign. */
function hashed({ email, phone, device }: Identifiers): string[] {
  const found: string[] = [];
  if (email?.includes('@')) {
    const [local = '', domain = ''] = email.trim().toLowerCase().split('@');
    found.push(`EMAIL_SHA256:${sha256(`${(local.split('+')[0] ?? '').replaceAll('.', '')}@${domain}`)}`);
  }
  const digits = phone?.replace(/\D/g, '') ?? '';
  if (digits.length === 11) found.push(`PHONE_SHA256:${sha256(`+${digits}`)}`);
  if (device !== undefined && /[1-9a-f]/i.test(device.advertisingId)) {
    const type = device.type.toLowerCase() === 'ios' ? 'IDFA_SHA256' : 'AAID_SHA256';
    found.push(`${type}:${sha256(device.advertisingId.toLowerCase())}`);
  }
  return found;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What is not there and what should not be there. */
export function difference(expected: ReadonlySet<string>, found: ReadonlySet<string>) {
  return {
    missing: [...expected].filter((identifier) => !found.has(identifier)),
    extra: [...found].filter((identifier) => !expected.has(identifier)),
  };
}
