import { changeConnection } from './audiences.ts';
import { changeMapping, createMapping, type Fields, type StoredMapping, tryCreateMapping } from './mappings.ts';

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
}

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
): Promise<number> {
  const [model] = old;
  if (model === undefined) return 0;
  for (const { add, place, connectionSettings } of old)
    await changeConnection(place, { settings: { ...connectionSettings, ...targetOf(add) } });
  const settings = sharedSettings(model.add);
  const { adds, removes } = await tryCreateMapping(destinationId, { ...pair[0], settings, enabled: true });
  if (adds + removes > 0) return adds + removes;
  await makePair(destinationId, present, settings);
  for (const mapping of old.flatMap(({ add, remove }) => (remove ? [remove, add] : [add])))
    await changeMapping({ destinationId, subscriptionId: mapping.id }, { enabled: false });
  return 0;
}

function targetOf({ settings }: StoredMapping): { advertiserId?: string; audienceId?: string } {
  const { selected_advertiser_id: advertiserId, audience_id: audienceId } = settings;
  return {
    ...(typeof advertiserId === 'string' ? { advertiserId } : {}),
    ...(typeof audienceId === 'string' && audienceId !== '' ? { audienceId } : {}),
  };
}
