import { type IdType, idTypes } from '../server/tiktok/wire.ts';
import { createAudience } from './audiences.ts';
import { describeCall } from './call.ts';
import { findAudience } from './custom-audiences.ts';
import type { Token, World } from './state.ts';

/** What people and tests may do to the sandbox past TikTok's API, as somebody at TikTok or in Ads Manager might. */

export const revokeAll = (world: World): void => {
  for (const token of world.tokens.values()) revokeToken(world, token);
};

export function revokeToken(world: World, token: Token): void {
  token.revoked = true;
  noteControl(world, 'revoke', token.advertiserIds, []);
}

/** Somebody deletes the audience in Ads Manager. False: there is none. */
export function deleteAudience(world: World, id: string): boolean {
  const audience = world.audiences.get(id);
  if (!audience) return false;
  world.audiences.delete(id);
  noteControl(world, 'delete', [audience.advertiserId], [id]);
  return true;
}

/** Somebody makes an audience by another tool: a new id, whatever the name. */
export function makeAudience(world: World, advertiserId: string, name: string): string {
  const { id } = createAudience(world, advertiserId, name, world.clock.now());
  noteControl(world, 'create', [advertiserId], [id]);
  return id;
}

/** The hashes in an audience by type, as a copy; undefined when no audience or more than one has the name. */
export function membersOf(world: World, advertiserId: string, idOrName: string): Map<IdType, Set<string>> | undefined {
  world.pending.settle(world.clock.now());
  const found = findAudience(world, advertiserId, idOrName);
  if (!found.ok) return undefined;
  return new Map(idTypes.map((type, index) => [type, new Set(found.value.members[index]?.keys())]));
}

function noteControl(
  world: World,
  action: string,
  advertiserIds: readonly string[],
  audienceIds: readonly string[],
): void {
  const line = describeCall('', '', undefined).line;
  world.journal.append(
    {
      ...line,
      kind: 'control',
      time: world.clock.now(),
      action,
      advertiserIds,
      audienceIds,
      decision: 'served',
      fault: null,
      code: null,
      message: '',
      requestId: '',
      added: 0,
      removed: 0,
      answered: false,
    },
    undefined,
    world.settings,
  );
}
