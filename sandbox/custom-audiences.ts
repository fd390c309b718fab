import { err, ok, type Result } from '../server/kernel/result.ts';
import type { AudienceDetails, AudienceInfo } from '../server/tiktok/wire.ts';
import { limits, paths } from '../server/tiktok/wire.ts';
import { badField, type Refusal } from './answer.ts';
import { type Audience, statusOf } from './audience.ts';
import { ownedAudience, unknownAudience } from './audiences.ts';
import { answering, doing, type Endpoint, endpoint } from './endpoint.ts';
import { timeText } from './sandbox-clock.ts';
import type { World } from './state.ts';

const idBounds = { min: 1, max: limits.audienceIdsPerGet };
/** Section 5.4: the file route's names may be longer than the Segment API's. */
const renameMax = 128;

/** Section 5.1. */
const list = endpoint({
  path: paths.audienceList,
  method: 'GET',
  access: 'read',
  read: (fields) => ({
    advertiserId: fields.id('advertiser_id'),
    only: fields.has('custom_audience_ids') ? fields.idList('custom_audience_ids', idBounds) : undefined,
    page: fields.count('page', { min: 1, max: Number.MAX_SAFE_INTEGER, preset: 1 }),
    pageSize: fields.count('page_size', { min: 1, max: limits.pageSize, preset: 10 }),
  }),
  advertisers: ({ advertiserId }) => [advertiserId],
  plan({ advertiserId, only, page, pageSize }, world) {
    const shown = visibleAudiences(world, advertiserId).filter(({ id }) => !only || only.includes(id));
    return answering({
      page_info: {
        page,
        page_size: pageSize,
        total_number: shown.length,
        total_page: Math.ceil(shown.length / pageSize),
      },
      list: shown.slice((page - 1) * pageSize, page * pageSize).map((audience) => infoOf(audience, world)),
    });
  },
});

/** Section 5.2. Unknown and foreign ids are left out (Q17). */
const get = endpoint({
  path: paths.audienceGet,
  method: 'GET',
  access: 'read',
  read: (fields) => ({
    advertiserId: fields.id('advertiser_id'),
    ids: fields.idList('custom_audience_ids', idBounds),
    historySize: fields.count('history_size', { min: 1, max: 100, preset: 100 }),
  }),
  advertisers: ({ advertiserId }) => [advertiserId],
  plan({ advertiserId, ids, historySize }, world) {
    const found = ids.flatMap((id) => ownedAudience(world, advertiserId, id) ?? []);
    return answering({
      list: found.map((audience) => ({
        audience_details: detailsOf(audience, world),
        audience_history: audience.history.slice(-historySize).reverse(),
      })),
    });
  },
});

/** Section 5.3, for Partner audiences as well (Q13). One unknown id refuses the call. */
const remove = endpoint({
  path: paths.audienceDelete,
  method: 'POST',
  access: 'write',
  read: (fields) => ({
    advertiserId: fields.id('advertiser_id'),
    ids: fields.idList('custom_audience_ids', idBounds),
  }),
  advertisers: ({ advertiserId }) => [advertiserId],
  plan({ advertiserId, ids }, world) {
    const unknown = ids.find((id) => !ownedAudience(world, advertiserId, id));
    if (unknown !== undefined) return err(unknownAudience(world, unknown));
    return doing(ids, () => {
      for (const id of ids) world.audiences.delete(id);
      return {};
    });
  },
});

/** Section 5.4, as far as it can touch a Partner audience: the name and the sub-type. */
const update = endpoint({
  path: '/dmp/custom_audience/update/',
  method: 'POST',
  access: 'write',
  read(fields) {
    const wanted = {
      advertiserId: fields.id('advertiser_id'),
      id: fields.id('custom_audience_id'),
      name: fields.optionalText('custom_audience_name')?.trim(),
      subType: fields.optionalText('audience_sub_type'),
    };
    if (fields.has('file_paths'))
      fields.report(badField('file_paths', 'Files apply to Customer File audiences; the sandbox has none.'));
    if (wanted.name === undefined && wanted.subType === undefined)
      fields.report({ code: 40002, message: 'Missing required field(s): custom_audience_name.' });
    if (wanted.name !== undefined && (wanted.name === '' || wanted.name.length > renameMax))
      fields.report(badField('custom_audience_name', `Length must be between 1 and ${renameMax}.`));
    if (wanted.subType !== undefined && wanted.subType !== 'REACH_FREQUENCY')
      fields.report(badField('audience_sub_type', 'Must be one of: REACH_FREQUENCY.'));
    return wanted;
  },
  advertisers: ({ advertiserId }) => [advertiserId],
  plan({ advertiserId, id, name, subType }, world) {
    const audience = ownedAudience(world, advertiserId, id);
    if (!audience) return err(unknownAudience(world, id));
    return doing([id], (at) => {
      // "When sent, other changes are ignored."
      if (subType !== undefined) audience.subType = 'REACH_FREQUENCY';
      else if (name !== undefined) audience.name = name;
      audience.updatedAt = at;
      return {};
    });
  },
});

export const customAudienceEndpoints: readonly Endpoint[] = [list, get, remove, update];

/** Newest first: the order is not documented, and this one moves pages under a reader's feet. */
export function visibleAudiences(world: World, advertiserId: string): Audience[] {
  const until = world.clock.now() - world.settings.audienceVisibleMs;
  return [...world.audiences.values()]
    .filter((audience) => audience.advertiserId === advertiserId && audience.createdAt <= until)
    .reverse();
}

/** An audience by its id or, when exactly one has it, its name. */
export function findAudience(world: World, advertiserId: string, idOrName: string): Result<Audience, Refusal> {
  const byId = ownedAudience(world, advertiserId, idOrName);
  if (byId) return ok(byId);
  const named = [...world.audiences.values()].filter((a) => a.advertiserId === advertiserId && a.name === idOrName);
  const [only] = named;
  return only && named.length === 1 ? ok(only) : err(unknownAudience(world, idOrName));
}

function commonOf(audience: Audience, world: World): Omit<AudienceInfo, 'audience_type'> {
  const status = statusOf(audience, world.clock.now(), world.settings);
  return {
    audience_id: audience.id,
    name: audience.name,
    calculate_type: 'MULTIPLE_TYPES',
    cover_num: status.size,
    is_valid: status.valid,
    is_expiring: status.expiring,
    is_creator: true,
    shared: false,
    create_time: timeText(audience.createdAt),
    expired_time: timeText(audience.expiresAt),
  };
}

const infoOf = (audience: Audience, world: World): AudienceInfo => ({
  ...commonOf(audience, world),
  audience_type: 'Partner',
});

const detailsOf = (audience: Audience, world: World): AudienceDetails => ({
  ...commonOf(audience, world),
  type: 'Partner',
  audience_sub_type: audience.subType,
  is_auto_refresh: false,
  owner_id: audience.advertiserId,
  msg: null,
  error_msg: null,
  lookalike_spec: null,
  rule: '{"inclusions": null, "exclusions": null}',
});
