import type { Instant } from '../server/kernel/clock.ts';
import { err } from '../server/kernel/result.ts';
import { limits, paths } from '../server/tiktok/wire.ts';
import { badField, type Refusal } from './answer.ts';
import { type Audience, newAudience } from './audience.ts';
import { doing, type Endpoint, endpoint } from './endpoint.ts';
import { nextSerial, type World } from './state.ts';

/** TikTok-like ids below 2^53, so that the numeric form (Q8) stays exact. */
const firstAudienceId = 167_290_000;

/** Section 4.1. */
export const segmentAudience: Endpoint = endpoint({
  path: paths.segmentAudience,
  method: 'POST',
  access: 'write',
  streaming: true,
  read(fields) {
    const advertiserId = fields.id('advertiser_id');
    // The page's table says required, its prose names a default (tiktok-api.md 4.1).
    const action = fields.oneOf('action', ['create', 'delete'], 'create');
    if (action === 'create') {
      const name = fields.text('custom_audience_name').trim();
      if (name === '') fields.report(badField('custom_audience_name', 'Shorter than minimum length 1.'));
      return { advertiserId, action, name } as const;
    }
    return { advertiserId, action, id: fields.id('delete_audience_id') } as const;
  },
  advertisers: ({ advertiserId }) => [advertiserId],
  plan(wanted, world) {
    const { advertiserId } = wanted;
    if (wanted.action === 'delete') {
      const audience = ownedAudience(world, advertiserId, wanted.id);
      if (!audience) return err(unknownAudience(world, wanted.id));
      return doing([wanted.id], () => {
        world.audiences.delete(wanted.id);
        return {};
      });
    }
    const count = [...world.audiences.values()].filter((audience) => audience.advertiserId === advertiserId).length;
    if (count >= world.settings.audiencesMax)
      return err(badField('custom_audience_name', `The ad account has ${count} audiences, the most it may have.`));
    return doing([], (at) => {
      const { id } = createAudience(world, advertiserId, wanted.name, at);
      return { audience_id: world.settings.successCode === 200 ? Number(id) : id };
    });
  },
});

/** Names are not unique (section 4.1); long ones are cut, not refused. */
export function createAudience(world: World, advertiserId: string, name: string, now: Instant): Audience {
  const id = String(firstAudienceId + nextSerial(world, 'audience') * 7);
  const kept = name.length > limits.audienceName ? `${name.slice(0, limits.audienceName - 3)}...` : name;
  const audience = newAudience({ id, advertiserId, name: kept, now, lifeMs: world.settings.audienceLifeMs });
  world.audiences.set(id, audience);
  return audience;
}

export function ownedAudience(world: World, advertiserId: string, id: string): Audience | undefined {
  const audience = world.audiences.get(id);
  return audience?.advertiserId === advertiserId ? audience : undefined;
}

/** Q4: the code for a foreign or unknown audience is not documented. */
export const unknownAudience = (world: World, id: string): Refusal => ({
  code: world.settings.unknownAudienceCode,
  message: `Parameter error: invalid audience ID ${id}`,
});
