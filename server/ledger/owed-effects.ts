/** What TikTok is told once calls are made again: all that is owed to a destination, page by page, as it stands. */
import type { DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import { selectTargetNames } from './dry-run.sql.ts';
import type { TargetEffect } from './dry-run.ts';
import {
  type OwedEffectRow,
  type OwedPage,
  type OwedPlace,
  selectOwedEffects,
  sendableTargets,
} from './owed-effects.sql.ts';
import { absent, present } from './rows.ts';
import type { ReadStep } from './snapshot.sql.ts';

const pagePointers = 2_000;
const beginning: OwedPlace = { lane: -1, seq: 0, origin_id: 0, person_id: 0 };

export async function owedEffects(
  read: ReadStep,
  { spaceId, destinationId }: { spaceId: SpaceId; destinationId: DestinationId },
): Promise<TargetEffect[]> {
  const names = new Map((await read((q) => selectTargetNames(q, destinationId))).map((row) => [row.target_id, row]));
  const effects: TargetEffect[] = [];
  for (const { target_id: targetId } of await read((q) => sendableTargets(q, destinationId))) {
    const named = names.get(targetId);
    const effect = await effectAt(read, { spaceId, targetId });
    effects.push({ ...effect, targetId, advertiserId: named?.advertiser_id ?? '', audience: named?.name ?? '' });
  }
  return effects;
}

/** Nobody is taken off by this: who goes was taken off when it was owed. */
async function effectAt(read: ReadStep, place: { spaceId: SpaceId; targetId: TargetId }) {
  const effect = { adds: 0, removes: 0, addHashes: 0, removeHashes: 0, peopleRemoved: 0, peopleLeft: 0 };
  for (let after: OwedPlace | undefined = beginning; after; ) {
    const page: OwedPage = { after, limit: pagePointers };
    const rows: OwedEffectRow[] = await read((q) => selectOwedEffects(q, place, page));
    for (const { level, hashes, free } of rows) {
      if (level === present) {
        effect.adds += 1;
        effect.addHashes += hashes;
      } else if (level === absent && free > 0) {
        effect.removes += 1;
        effect.removeHashes += free;
      }
    }
    after = rows.at(-1);
  }
  return effect;
}
