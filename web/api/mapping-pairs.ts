import { changeConnection } from './audiences.ts';
import {
  changeMapping,
  createMapping,
  deleteMapping,
  type Fields,
  type StoredMapping,
  tryCreateMapping,
} from './mappings.ts';

/** One mapping for who enters and one for who leaves, whatever the number of audiences: two of all that may be. */
const pair = [
  { name: 'Add to Audience', actionSlug: 'addToAudience', trigger: 'event = "Audience Entered"' },
  { name: 'Remove from Audience', actionSlug: 'removeFromAudience', trigger: 'event = "Audience Exited"' },
] as const;

/** Made once: a second try uses what the first one made. */
export async function makePair(
  destinationId: string,
  present: readonly StoredMapping[],
  settings: Fields = {},
): Promise<void> {
  for (const { name, actionSlug, trigger } of pair) {
    const same = present.find((one) => one.actionSlug === actionSlug && one.trigger === trigger);
    if (same?.enabled === true) continue;
    if (same) await changeMapping({ destinationId, subscriptionId: same.id }, { enabled: true });
    else await createMapping(destinationId, { name, actionSlug, trigger, settings, enabled: true });
  }
}

/** The mappings that send one audience alone. */
export interface OldPair {
  readonly add: StoredMapping;
  readonly remove: StoredMapping | undefined;
  readonly place: { readonly spaceId: string; readonly audienceId: string; readonly destinationId: string };
  readonly connectionSettings: Readonly<Record<string, unknown>>;
  readonly members: number;
}

/** Where no two mappings are left to make, the pair of the smallest audience makes room: its people are sent once more. */
export const makesRoom = (old: readonly OldPair[], room: number): OldPair | undefined =>
  room >= 2 ? undefined : [...old].sort((a, b) => a.members - b.members)[0];

/** What a pair says about its own audience and nothing else; for all audiences it stands at the connection. */
const ofOneAudience = ['selected_advertiser_id', 'personas_audience_key', 'audience_id', 'custom_audience_name'];

export const sharedSettings = ({ settings }: StoredMapping): Fields =>
  Object.fromEntries(Object.entries(settings as Fields).filter(([key]) => !ofOneAudience.includes(key)));

/**
 * One pair in place of many, in steps of which each is safe to stop after: connections learn their ad account (which the
 * old pairs do not read), the new pair is made, and only then the old ones are turned off. TikTok audiences stay the same,
 * so nobody is sent again; where somebody would be, it stops before anything is sent and gives how many. 0: done.
 */
export async function convertToOnePair(
  destinationId: string,
  present: readonly StoredMapping[],
  old: readonly OldPair[],
  room: number,
): Promise<number> {
  const [model] = old;
  if (model === undefined) return 0;
  for (const { add, place, connectionSettings } of old)
    await changeConnection(place, { settings: { ...connectionSettings, ...targetOf(add) } });
  const first = makesRoom(old, room);
  for (const { id } of first ? mappingsOf(first) : [])
    await deleteMapping({ destinationId, subscriptionId: id }, 'keep');
  const settings = sharedSettings(model.add);
  const { adds, removes } = await tryCreateMapping(destinationId, { ...pair[0], settings, enabled: true });
  const beyond = adds + removes - (first?.members ?? 0);
  if (beyond > 0) return beyond;
  await makePair(destinationId, present, settings);
  for (const { id } of old.filter((one) => one !== first).flatMap(mappingsOf))
    await changeMapping({ destinationId, subscriptionId: id }, { enabled: false });
  return 0;
}

const mappingsOf = ({ add, remove }: OldPair): StoredMapping[] => (remove ? [remove, add] : [add]);

function targetOf({ settings }: StoredMapping): { advertiserId?: string; audienceId?: string } {
  const { selected_advertiser_id: advertiserId, audience_id: audienceId } = settings;
  return {
    ...(typeof advertiserId === 'string' ? { advertiserId } : {}),
    ...(typeof audienceId === 'string' && audienceId !== '' ? { audienceId } : {}),
  };
}
