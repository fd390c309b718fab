import { changeMapping, createMapping, type StoredMapping } from '../../api/mappings.ts';

/** One mapping for who enters and one for who leaves, whatever the number of audiences: 2 of 50. */
const pair = [
  { name: 'Add to Audience', actionSlug: 'addToAudience', trigger: 'event = "Audience Entered"' },
  { name: 'Remove from Audience', actionSlug: 'removeFromAudience', trigger: 'event = "Audience Exited"' },
] as const;

/** Made once: a second try uses what the first one made. */
export async function makePair(destinationId: string, present: readonly StoredMapping[]): Promise<void> {
  for (const { name, actionSlug, trigger } of pair) {
    const same = present.find((one) => one.actionSlug === actionSlug && one.trigger === trigger);
    if (same?.enabled === true) continue;
    if (same) await changeMapping({ destinationId, subscriptionId: same.id }, { enabled: true });
    else await createMapping(destinationId, { name, actionSlug, trigger, settings: {}, enabled: true });
  }
}
