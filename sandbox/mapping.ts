import type { Instant } from '../server/kernel/clock.ts';
import { err, ok, type Result } from '../server/kernel/result.ts';
import { paths } from '../server/tiktok/wire.ts';
import { badField, type Refusal, refusals } from './answer.ts';
import { type Audience, noteChange, statusOf } from './audience.ts';
import { unknownAudience } from './audiences.ts';
import { type Applied, type Endpoint, endpoint } from './endpoint.ts';
import { type RowId, readIdSchema, readRows } from './mapping-rows.ts';
import type { World } from './state.ts';

export interface MappingCall {
  readonly advertiserIds: readonly string[];
  readonly action: 'add' | 'delete';
  readonly rowCount: number;
  readonly ids: readonly RowId[];
}

/** Section 4.2. One bad row fails the whole call and nothing is applied (Q5). */
export const segmentMapping: Endpoint = endpoint<MappingCall>({
  path: paths.segmentMapping,
  method: 'POST',
  access: 'write',
  streaming: true,
  read(fields, world) {
    const advertiserIds = fields.idList('advertiser_ids', { min: 1, max: 100 });
    const action = fields.oneOf('action', ['add', 'delete'], 'add');
    const types = readIdSchema(fields);
    const { rowCount, ids } = fields.problem
      ? { rowCount: 0, ids: [] }
      : readRows(fields, { types, settings: world.settings });
    return { advertiserIds, action, rowCount, ids };
  },
  advertisers: ({ advertiserIds }) => advertiserIds,
  plan(call, world) {
    const found = findAudiences(call, world);
    if (!found.ok) return found;
    return ok({
      audienceIds: [...found.value.keys()],
      mapping: true,
      apply: (at, share) => applyMapping(world, call, at, share),
    });
  },
});

/** Check 10: one business, known audiences of the call's advertisers, all of them editable. */
function findAudiences(call: MappingCall, world: World): Result<Map<string, Audience>, Refusal> {
  const businesses = new Set(call.advertiserIds.map((id) => world.advertisers.get(id)?.businessId));
  if (businesses.size > 1)
    return err(badField('advertiser_ids', 'Advertisers must belong to the same business account.'));
  const found = new Map<string, Audience>();
  const now = world.clock.now();
  for (const { audienceIds } of call.ids) {
    for (const id of audienceIds) {
      if (found.has(id)) continue;
      const audience = world.audiences.get(id);
      if (!audience || !call.advertiserIds.includes(audience.advertiserId)) return err(unknownAudience(world, id));
      const status = statusOf(audience, now, world.settings);
      if (!status.ready || status.expired) return err(refusals.notEditable);
      found.set(id, audience);
    }
  }
  return ok(found);
}

/** Set semantics (Q7). Audiences that went away since the call was answered are passed over. */
function applyMapping(world: World, call: MappingCall, at: Instant, share: number): Applied {
  const second = Math.floor(at / 1_000);
  const counts = new Map<Audience, number>();
  let changed = 0;
  for (const { row, type, hash, audienceIds } of call.ids) {
    if (!isInShare(row, share)) continue;
    for (const id of audienceIds) {
      const audience = world.audiences.get(id);
      const members = audience?.members[type];
      if (!audience || !members) continue;
      counts.set(audience, (counts.get(audience) ?? 0) + 1);
      if (call.action === 'delete') changed += Number(members.delete(hash));
      else if (!members.has(hash)) {
        members.set(hash, second);
        changed += 1;
      }
    }
  }
  for (const [audience, count] of counts) noteChange(audience, { action: call.action, count, now: at }, world.settings);
  const added = call.action === 'add' ? changed : 0;
  return { data: {}, added, removed: changed - added };
}

/** Spreads floor(rows · share) rows evenly over the call. */
const isInShare = (row: number, share: number): boolean =>
  share === 1 || Math.floor((row + 1) * share) > Math.floor(row * share);
