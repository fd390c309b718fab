/** Test Mapping with *send*: one event through one mapping, by hand and for real. */
import { isDeepStrictEqual } from 'node:util';
import type { PersonId } from '../contract/ids.ts';
import type { ReceivedEvent, SegmentEvent } from '../contract/segment-event.ts';
import type { Tx } from './db/port.ts';
import { countLevels } from './delivery/delivery.ts';
import {
  askToCreate,
  type Destination,
  ensureTargets,
  getDestination,
  getMapping,
  shareDestinations,
} from './destinations/destinations.ts';
import { type LevelDeps, levelMembers, levelTest, live } from './ledger/ledger.ts';
import { compileMapping, type MappingDefinition, type MappingProblem } from './mappings/mappings.ts';
import { resolveAndMerge } from './pipeline.ts';

interface MappingTest {
  readonly destination: Destination;
  readonly mapping: MappingDefinition;
  readonly event: SegmentEvent;
}
/** Whether the ledger took it; the reason holds no identifier. */
type TestSent = { readonly sent: true } | { readonly sent: false; readonly reason: string };
const notSent = (reason: string): TestSent => ({ sent: false, reason });

/** The event runs through the mapping as a direct event of its person (design.md 7). */
export async function sendTest(tx: Tx, deps: LevelDeps, test: MappingTest): Promise<TestSent> {
  const { destination, mapping, event } = test;
  const compiled = compileMapping({ ...mapping, enabled: true }, destination.settings);
  if (!compiled.ok) return notSent(wordsOf(compiled.error));
  if (!compiled.value.matches(event)) return notSent('the event does not match the trigger');
  if (compiled.value.action === 'none') return createNamedAudience(tx, deps, test);
  const now = deps.clock.now();
  const stampUs = now * 1_000;
  const received: ReceivedEvent = {
    spaceId: destination.spaceId,
    sourceId: (destination.sourceId ?? 0) as ReceivedEvent['sourceId'],
    sourceKind: 'server',
    event,
    timeUs: stampUs,
    originalUs: stampUs,
  };
  const { people, merged } = await resolveAndMerge(tx, deps, [received]);
  const changed = await whatChanged(tx, test);
  await levelMembers(tx, deps, { lane: live, changes: merged, directs: [] });
  if (changed) return notSent(changed);
  const personId: PersonId | null | undefined = people[0];
  if (!personId) return notSent('the event names nobody');
  // Newer than any event that happened before: a person pressed a button now.
  const stamp = { timeUs: stampUs, originalUs: stampUs, arrival: Number.MAX_SAFE_INTEGER };
  const counts = await levelTest(tx, deps, { received, personId, stamp }, { destination, mappings: [compiled.value] });
  await countLevels(tx, counts, new Date(now));
  const [left] = counts.filter(({ outcome }) => outcome !== 'mapped');
  return left ? notSent(left.reason) : { sent: true };
}

/**
 * The test was read before the transaction. From here on whoever changes or deletes its destination or mapping waits: nothing may be
 * written behind what takes their people out (rule 12).
 */
async function whatChanged(tx: Tx, { destination, mapping }: MappingTest): Promise<string | undefined> {
  await shareDestinations(tx, [destination.spaceId]);
  const standing = await getDestination(tx, destination.id);
  if (!standing) return 'the destination was deleted meanwhile';
  const isStored = mapping.id > 0;
  const stored = isStored ? await getMapping(tx, destination.id, mapping.id) : undefined;
  if (isStored && !stored) return 'the mapping was deleted meanwhile';
  const isSame =
    isDeepStrictEqual(standing.settings, destination.settings) &&
    (!stored || isDeepStrictEqual(madeBy(stored), madeBy(mapping)));
  return isSame ? undefined : 'the mapping or the destination was changed meanwhile: test it again';
}

const madeBy = ({ actionSlug, trigger, settings }: MappingDefinition) => ({ actionSlug, trigger, settings });

/**
 * The action createAudience: what it names becomes a target, which delivery looks up by name and creates only where there
 * is none, so a second click makes no second audience (segment-spec.md 7.8, defect 20).
 */
async function createNamedAudience(tx: Tx, { clock }: LevelDeps, test: MappingTest): Promise<TestSent> {
  const { destination, event, mapping } = test;
  if (!destination.settings.createAudiences)
    return notSent('this destination may not create audiences; its setting createAudiences is off');
  // Where Add to Audience would add, with nobody to add: the same fields by the same rules.
  const { selected_advertiser_id: advertiser_id, custom_audience_name } = mapping.settings;
  const settings = { advertiser_id, custom_audience_name };
  const compiled = compileMapping({ ...mapping, actionSlug: 'addToAudience', settings }, destination.settings);
  if (!compiled.ok) return notSent(wordsOf(compiled.error));
  const made = compiled.value.evaluate(event);
  if (made.kind === 'filtered' || made.kind === 'invalid') return notSent(made.reason);
  if (!made.target) return notSent(made.kind === 'nobody' ? made.reason : 'no audience is named');
  const changed = await whatChanged(tx, test);
  if (changed) return notSent(changed);
  const { id: destinationId, spaceId } = destination;
  const targets = await ensureTargets(tx, clock, { spaceId, destinationId }, [made.target]);
  await askToCreate(tx, clock, targets);
  return { sent: true };
}

const wordsOf = (problems: readonly MappingProblem[]): string =>
  problems.map(({ field, message }) => `${field} ${message}`).join('; ');
