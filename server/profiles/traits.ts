import type { PersonId, SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent, SegmentEvent } from '../../contract/segment-event.ts';
import { isObject } from '../kernel/json.ts';

export type TraitPatches = Map<PersonId, { spaceId: SpaceId; traits: Record<string, unknown> }>;

/** What a batch says about each person's traits, the last word winning, on top of what merged people bring along. */
export function foldedTraits(
  events: readonly ReceivedEvent[],
  people: readonly (PersonId | null)[],
  inherited: TraitPatches,
): TraitPatches {
  const patches: TraitPatches = new Map(inherited);
  events.forEach(({ event, spaceId }, i) => {
    const person = people[i];
    if (person === null || person === undefined) return;
    const said = traitsOfEvent(event);
    if (said.length === 0) return;
    patches.set(person, { spaceId, traits: Object.assign({}, patches.get(person)?.traits, ...said) });
  });
  return patches;
}

/** The user's traits: of an identify its own, of every event those in its context. A group's are an account's. */
function traitsOfEvent(event: SegmentEvent): Readonly<Record<string, unknown>>[] {
  const inContext = event.context?.['traits'];
  const own = event.type === 'identify' ? event.traits : undefined;
  return [inContext, own].filter((traits) => isObject(traits)).filter((traits) => Object.keys(traits).length > 0);
}
