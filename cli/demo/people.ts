import { createHash } from 'node:crypto';

/**
 * The demo's invented people and what Segment Engage would send about them (segment-spec.md 2.4). The same number of
 * people and the same start give the same events, so that the sending client and the comparison need not talk.
 */
export interface DemoEvent {
  readonly event: 'Audience Entered' | 'Audience Exited';
  readonly messageId: string;
  readonly userId: string;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly identifiers: Identifiers;
}

/** As a shop would have them: spelt in any way, or missing. */
export interface Identifiers {
  readonly email?: string;
  readonly phone?: string;
  readonly device?: { readonly type: string; readonly advertisingId: string };
}

export interface DemoPlan {
  readonly people: number;
  /** Milliseconds since 1970; every event lies in the half hour after it. */
  readonly startMs: number;
}

/** The fiction numbers of invented people (below) last for this many. */
export const peopleMax = 80_000;

/** All events in the order in which they are sent. */
export function demoEvents(plan: DemoPlan): DemoEvent[] {
  const placed: { at: number; event: DemoEvent }[] = [];
  for (let person = 0; person < plan.people; person += 1) {
    storyOf(person).forEach((step, position) => {
      const event = eventOf(plan, person, step);
      // A person's next step follows some hundreds of people later; some are sent twice, as a retrying client does.
      const at = shuffled(person, plan.people) + position * stepDistance;
      placed.push({ at, event });
      if (step.twice === true) placed.push({ at: at + stepDistance / 2, event });
    });
  }
  return placed.sort((a, b) => a.at - b.at).map(({ event }) => event);
}

const stepDistance = 600;

/**
 * Corrected times are off by what a request waits on its way (segment-spec.md 1.6), so the steps of a story lie ten
 * minutes apart, and only the order of the steps counts.
 */
const stepMs = 600_000;

interface StoryStep {
  readonly kind: 'enter' | 'exit';
  /** When it happened; where it stands in the story says when it is sent. */
  readonly time: 0 | 1 | 2;
  readonly identifiers: Identifiers;
  readonly twice?: true;
}

/** What becomes of a person; the last two digits of the number decide, so that a hundred people show everything. */
function storyOf(person: number): StoryStep[] {
  const kind = person % 100;
  const all = identifiersOf(person, kind);
  const enter: StoryStep = { kind: 'enter', time: 0, identifiers: all };
  const exit: StoryStep = { kind: 'exit', time: 1, identifiers: all };
  const changed: Identifiers = { ...all, email: `new-address.${person}@example.com` };
  if (kind < 58) return [enter];
  if (kind < 72) return [enter, exit];
  if (kind < 75) return [enter, exit, { ...enter, time: 2 }];
  if (kind < 81) return [enter, { ...enter, time: 1, identifiers: changed }];
  // The exit names the new address only; both hashes must go (I10).
  if (kind < 86)
    return [enter, { ...enter, time: 1, identifiers: changed }, { ...exit, time: 2, identifiers: changed }];
  if (kind < 89) return [exit, enter]; // late: the older enter arrives after the exit and changes nothing (rule 1)
  if (kind < 94) return [{ ...enter, twice: true }];
  return [enter];
}

function identifiersOf(person: number, kind: number): Identifiers {
  if (kind >= 97) return unusable[kind - 97] ?? {};
  const email = { email: emailOf(person) };
  const phone = { phone: phoneOf(person) };
  // 57 and 58 share a phone, and 58 leaves: it stays for the other one (rule 10).
  if (kind === 58) return { ...email, phone: phoneOf(person - 1) };
  switch (person % 5) {
    case 0:
      return email;
    case 1:
      return phone;
    case 2:
      return { ...email, ...phone };
    case 3:
      return { ...email, device: { type: person % 2 === 0 ? 'ios' : 'android', advertisingId: deviceOf(person) } };
    default:
      return {
        ...email,
        ...phone,
        device: { type: person % 2 === 0 ? 'android' : 'iOS', advertisingId: deviceOf(person) },
      };
  }
}

/** Members of whom nothing can be sent: kept as skipped, with the reason. */
const unusable: readonly Identifiers[] = [
  { email: '   ' },
  { phone: '+1 23' },
  { device: { type: 'ios', advertisingId: '00000000-0000-0000-0000-000000000000' } },
];

function emailOf(person: number): string {
  switch (person % 4) {
    case 0:
      return `person.${person}@example.com`;
    case 1:
      return `Person.${person}+shop@Example.com`;
    case 2:
      return `  person${person}@EXAMPLE.org `;
    default:
      return `person-${person}@example.net`;
  }
}

/** 555-0100 to 555-0199 are reserved for fiction in every area of North America. */
function phoneOf(person: number): string {
  const area = 200 + (Math.floor(person / 100) % 800);
  const line = String(person % 100).padStart(2, '0');
  return person % 2 === 0 ? `+1${area}55501${line}` : `+1 (${area}) 555-01${line}`;
}

function deviceOf(person: number): string {
  const hex = createHash('sha256').update(`device ${person}`).digest('hex');
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return person % 3 === 0 ? id.toUpperCase() : id;
}

function eventOf(plan: DemoPlan, person: number, step: StoryStep): DemoEvent {
  return {
    event: step.kind === 'enter' ? 'Audience Entered' : 'Audience Exited',
    messageId: `personas_demo_${plan.startMs}_${person}_${step.kind}_${step.time}`,
    userId: `shop-${person}`,
    timestamp: new Date(plan.startMs + step.time * stepMs + (person % 1_000)).toISOString(),
    identifiers: step.identifiers,
  };
}

/** A person's place in the stream: neighbours in number are no neighbours in time. 7,919 is prime. */
function shuffled(person: number, people: number): number {
  return (person * 7_919) % people;
}

/** The event's `context` and `properties`, as Engage writes them. */
export function engagePayload(event: DemoEvent, audience: { key: string; computationId: string; spaceId: string }) {
  const { email, phone, device } = event.identifiers;
  const traits = { ...(email === undefined ? {} : { email }), ...(phone === undefined ? {} : { phone }) };
  return {
    context: {
      integrations: { personas: false },
      traits,
      ...(device === undefined ? {} : { device }),
      personas: {
        computation_class: 'audience',
        computation_id: audience.computationId,
        computation_key: audience.key,
        namespace: audience.spaceId,
        space_id: audience.spaceId,
      },
    },
    properties: { audience_key: audience.key, [audience.key]: event.event === 'Audience Entered' },
  };
}
