/** `map`, our side: trigger, fields, normalising and hashing, as the ledger asks for them. */
import { defaultFields } from '../../contract/catalog.ts';
import type { MappingId } from '../../contract/ids.ts';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import { checkSettings, findAction } from '../../server/destinations/destinations.ts';
import { must } from '../../server/kernel/result.ts';
import { type CompiledMapping, compileMapping } from '../../server/mappings/mappings.ts';
import { digestOf, eventsOf, type MappedEvent, type MappingTask, measureMapping } from './mapping-task.ts';
import { answerTask } from './worker.ts';

const mappings = ['addToAudience', 'removeFromAudience'].map(compiled);

function compiled(actionSlug: string): CompiledMapping {
  const action = must(findAction(actionSlug), 'an action of the catalog');
  const destination = checkSettings('actions-tiktok-audiences', {});
  if (!destination.ok) throw new Error('the default settings are wrong');
  const definition = {
    id: 1 as MappingId,
    name: action.name,
    actionSlug,
    trigger: action.defaultTrigger,
    settings: defaultFields(action),
    enabled: true,
  };
  const mapping = compileMapping(definition, destination.value);
  if (!mapping.ok) throw new Error(JSON.stringify(mapping.error));
  return mapping.value;
}

function hashesIn(events: readonly MappedEvent[]): Buffer[] {
  const found: Buffer[] = [];
  for (const event of events as unknown as readonly SegmentEvent[]) {
    for (const mapping of mappings) {
      if (!mapping.matches(event)) continue;
      const made = mapping.evaluate(event);
      if (made.kind !== 'people') throw new Error(`an event came to nothing: ${made.kind}`);
      for (const { hashes } of made.variants) for (const hash of hashes) if (hash) found.push(hash);
    }
  }
  return found;
}

await answerTask(async (task: MappingTask) => {
  const digest = digestOf(hashesIn(eventsOf(0)).map((hash) => hash.toString('hex')));
  const measured = await measureMapping(task, async (batch) => void hashesIn(batch));
  return { ...measured, digest };
});
