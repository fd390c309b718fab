/**
 * What a change means for people at TikTok, said before it is done: dry runs, the question whether people stay or go when
 * their TikTok audience is left (rule 12), and the gate before mass removal (docs/rules.md, "Objects that change").
 */
import { z } from '@hono/zod-openapi';
import type { AudienceId, MappingId, TargetId } from '../../contract/ids.ts';
import { audienceById, type ManagedConnection } from '../audiences/audiences.ts';
import type { Queryable } from '../db/port.ts';
import { type Destination, listMappings } from '../destinations/destinations.ts';
import {
  countPeopleAt,
  dryRun,
  type LeftTargets,
  onSnapshot,
  owedEffects,
  type Released,
  type SupposedChange,
  selectHeldTargets,
  selectLeftTargets,
  supposedProducer,
  type TargetEffect,
  targetsBeyond,
} from '../ledger/ledger.ts';
import type { MappingDefinition } from '../mappings/mappings.ts';
import { Refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import { oneOf } from './shapes.ts';

export type People = 'keep' | 'remove';

/** One destination as it would be after the change. */
export interface Planned {
  readonly destination: Destination;
  readonly mappings: readonly MappingDefinition[];
  /** Connections whose members are walked anew, as they would be. */
  readonly connections: readonly ManagedConnection[];
  /** Whose targets an edit may leave; undefined: it names the same ones as before. */
  readonly leaves?: { readonly mappingId?: MappingId; readonly originId?: AudienceId } | undefined;
  /** Rows whose producer goes, and which no walk decides. */
  readonly released?: readonly Omit<Released, 'people' | 'destinationId'>[];
  /** It is switched on: what is owed already is told too. */
  readonly starts?: boolean;
}

/** A destination of which only its mappings and connections are read. */
export async function asItStands(
  q: Queryable,
  destination: Destination,
): Promise<Pick<Planned, 'destination' | 'mappings'>> {
  return { destination, mappings: await listMappings(q, destination.id) };
}

/** The end of a connection: its rows are released, and nothing is walked. */
export const plannedEnd = (destination: Destination, { audienceId }: { audienceId: AudienceId }): Planned => ({
  destination,
  mappings: [],
  connections: [],
  released: [{ originId: audienceId }],
});

// What is asked and answered ---------------------------------------------------------------------------------------------

const yes = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

/** Of every edit that may change who is sent. */
export const changeQuery = z.object({
  dryRun: yes.openapi({ description: 'true: changes nothing and answers 200 with what would be sent' }),
  people: z.enum(['keep', 'remove']).optional().openapi({
    description:
      'what becomes of the people at a TikTok audience that the change leaves without a mapping or connection; required when there are any',
  }),
  confirmRemovals: z.coerce.number().int().min(0).optional().openapi({
    description: 'lets a change remove up to so many people where the gate before mass removal would stop it',
  }),
});
/** Of what deletes: what becomes of the people has no default. */
export const deleteQuery = changeQuery.extend({
  people: z.enum(['keep', 'remove']).openapi({
    description: 'keep: they stay at TikTok, remembered as kept; remove: they are taken out in the background',
  }),
});
type Asked = z.infer<typeof changeQuery>;

export const dryRunSchema = z
  .object({
    adds: z
      .int()
      .openapi({ description: 'rows that would be told as additions; a person has one per set of identifiers' }),
    removes: z.int().openapi({
      description: 'rows that would be told as removals; what somebody else still holds at TikTok is not removed',
    }),
    calls: z.int().openapi({ description: 'calls to TikTok that this takes' }),
    seconds: z.int().openapi({ description: 'what these calls take at the allowed rate, rounded up' }),
    targets: z.array(
      z.object({
        advertiserId: z.string(),
        audience: z.string().openapi({ description: 'the name of the TikTok audience, or its id' }),
        adds: z.int(),
        removes: z.int(),
        peopleRemoved: z.int().openapi({ description: 'people who are there now and would not be afterwards' }),
        peopleLeft: z.int().openapi({ description: 'people about whom `people` decides' }),
      }),
    ),
  })
  .openapi('DryRun');
export type DryRun = z.infer<typeof dryRunSchema>;

export const nothingSent: DryRun = { adds: 0, removes: 0, calls: 0, seconds: 0, targets: [] };

export const dryRunAnswer = oneOf(dryRunSchema, 'with dryRun=true: what would be sent; nothing was changed');
export const orDryRun = <Schema extends z.ZodType>(schema: Schema) =>
  oneOf(z.union([schema, dryRunSchema]), 'the thing; with dryRun=true what would be sent, and nothing was changed');

/** 1 MB of JSON a call, about 115 bytes a hash (delivery/batch.ts): what fills a call first where batchRows is large. */
const hashesPerCall = Math.floor(1_000_000 / 115);

/** The answer to a dry run, or undefined where the change is to be done. Refuses what somebody has to decide first. */
export async function weigh(parts: ApiParts, planned: readonly Planned[], asked: Asked): Promise<DryRun | undefined> {
  const tried: Tried[] = [];
  for (const one of planned)
    if (asked.dryRun || (await isGrave(parts, one))) tried.push(await tryChange(parts, one, asked));
  const unanswered = asked.people === undefined && tried.some(({ effects }) => effects.some((e) => e.peopleLeft > 0));
  if (unanswered) throw await askWhatBecomes(parts, planned, tried);
  if (asked.dryRun) return sumUp(parts, tried);
  await passGate(parts, tried, asked);
  return undefined;
}

interface Tried {
  readonly planned: Planned;
  readonly effects: readonly TargetEffect[];
}

/** Whether anybody has to decide: only then is it worth trying the change out before it is done. */
async function isGrave(parts: ApiParts, planned: Planned): Promise<boolean> {
  const { id: destinationId, spaceId } = planned.destination;
  if (planned.connections.length === 0 && !planned.released?.length) return false;
  const of = { spaceId, destinationId, ...planned.leaves };
  if (planned.leaves && (await selectHeldTargets(parts.db, of)).length > 0) return true;
  return (await targetsBeyond(parts.db, spaceId, destinationId, parts.removalGate.people)).length > 0;
}

const tryChange = (parts: ApiParts, planned: Planned, { people }: Pick<Asked, 'people'>): Promise<Tried> =>
  onSnapshot(parts.db, async (read) => {
    const change = await read((q) => suppose(q, planned, people ?? 'keep'));
    const owed = planned.starts ? await owedEffects(read, change) : [];
    return { planned, effects: [...owed, ...(await dryRun(read, change))] };
  });

async function suppose(q: Queryable, planned: Planned, people: People): Promise<SupposedChange> {
  const { destination, mappings } = planned;
  const { id: destinationId, spaceId } = destination;
  const left = planned.leaves ? await selectHeldTargets(q, { spaceId, destinationId, ...planned.leaves }) : [];
  const pending = await selectLeftTargets(
    q,
    planned.connections.map(({ audienceId }) => audienceId),
  );
  const walks = [];
  for (const connection of planned.connections) {
    const audience = await audienceById(q, spaceId, connection.audienceId);
    if (!audience || !connection.enabled) continue;
    const before = pending.find(
      (row) => row.audience_id === connection.audienceId && row.destination_id === destinationId,
    );
    const keepAt = new Set<TargetId>(before?.keep_at ?? []);
    const removeAt = new Set<TargetId>(before?.remove_at ?? []);
    for (const target of left) {
      (people === 'keep' ? keepAt : removeAt).add(target);
      (people === 'keep' ? removeAt : keepAt).delete(target);
    }
    const leftAt: LeftTargets = { keepAt, removeAt };
    walks.push({ audience, connection, leftAt });
  }
  const released = (planned.released ?? []).map((what) => ({ ...what, destinationId, people }));
  return { spaceId, destinationId, producer: supposedProducer(destination, mappings), walks, released };
}

function sumUp(parts: Pick<ApiParts, 'callsPerSecond'>, tried: readonly Tried[]): DryRun {
  const all = tried.flatMap(({ planned, effects }) => effects.map((effect) => ({ planned, effect })));
  const total = (pick: (effect: TargetEffect) => number): number => all.reduce((sum, one) => sum + pick(one.effect), 0);
  const calls = all.reduce((sum, { planned, effect }) => sum + callsOf(planned, effect), 0);
  const told = all.filter(({ effect }) => effect.adds + effect.removes + effect.peopleRemoved + effect.peopleLeft > 0);
  return {
    adds: total((e) => e.adds),
    removes: total((e) => e.removes),
    calls,
    seconds: Math.ceil(calls / parts.callsPerSecond),
    targets: told.map(({ effect: { advertiserId, audience, adds, removes, peopleRemoved, peopleLeft } }) => ({
      advertiserId,
      audience,
      adds,
      removes,
      peopleRemoved,
      peopleLeft,
    })),
  };
}

function callsOf({ destination }: Planned, effect: TargetEffect): number {
  const { batchRows } = destination.settings;
  const calls = (rows: number, hashes: number): number =>
    Math.max(Math.ceil(rows / batchRows), Math.ceil(hashes / hashesPerCall));
  return calls(effect.adds, effect.addHashes) + calls(effect.removes, effect.removeHashes);
}

// Refusals ---------------------------------------------------------------------------------------------------------------

async function askWhatBecomes(parts: ApiParts, planned: readonly Planned[], kept: readonly Tried[]): Promise<Refusal> {
  const removed: Tried[] = [];
  for (const one of planned) removed.push(await tryChange(parts, one, { people: 'remove' }));
  const [keep, remove] = [sumUp(parts, kept), sumUp(parts, removed)];
  const left = kept.flatMap(({ effects }) => effects).filter((effect) => effect.peopleLeft > 0);
  const people = left.reduce((sum, effect) => sum + effect.peopleLeft, 0);
  const where = left.map(({ audience, advertiserId }) => `"${audience}" in ad account ${advertiserId}`).join(', ');
  const message =
    `Nothing would feed ${where} any more, where ${counted(people, 'person', 'people')} would be left. Say what becomes of them: ` +
    `people=keep leaves them there (${rowsOf(keep)}), people=remove takes them out (${rowsOf(remove)}). Nothing was changed`;
  return new Refusal(422, [{ type: 'people-required', message, field: 'people', details: { people, keep, remove } }]);
}

const counted = (n: number, one: string, many: string): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
const rowsOf = ({ adds, removes }: DryRun): string =>
  `adds ${adds.toLocaleString('en')}, removes ${removes.toLocaleString('en')}`;

/** No fat finger empties an audience: what removes many people of one target waits for somebody to say the number. */
async function passGate(parts: ApiParts, tried: readonly Tried[], { confirmRemovals = 0 }: Asked): Promise<void> {
  const { people: most, percent } = parts.removalGate;
  const stopped: (TargetEffect & { of: number })[] = [];
  for (const { planned, effects } of tried) {
    for (const effect of effects) {
      if (effect.peopleRemoved <= most) continue;
      const of = await countPeopleAt(parts.db, planned.destination.spaceId, effect.targetId);
      if (effect.peopleRemoved * 100 > of * percent) stopped.push({ ...effect, of });
    }
  }
  const removed = stopped.reduce((sum, effect) => sum + effect.peopleRemoved, 0);
  if (removed <= confirmRemovals) return;
  const where = stopped.map(
    ({ audience, advertiserId, peopleRemoved, of }) =>
      `${peopleRemoved.toLocaleString('en')} of ${of.toLocaleString('en')} people from "${audience}" in ad account ${advertiserId}`,
  );
  const message = `This would remove ${where.join(' and ')}. Nothing was changed; to do it, repeat with confirmRemovals=${removed}`;
  const details = {
    confirmRemovals: removed,
    limits: { people: most, percent },
    targets: stopped.map(({ advertiserId, audience, peopleRemoved, of }) => ({
      advertiserId,
      audience,
      peopleRemoved,
      of,
    })),
  };
  throw new Refusal(409, [{ type: 'mass-removal', message, field: 'confirmRemovals', details }]);
}
