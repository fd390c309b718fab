import type { Instant } from '../server/kernel/clock.ts';
import { err, ok, type Result } from '../server/kernel/result.ts';
import { noAdvertiser, noGrant, type Refusal, refusals } from './answer.ts';
import { type Fields, type Input, readFields } from './fields.ts';
import { findApp, liveToken, type Token, type World } from './state.ts';

/** What a call will do once every check has passed. */
export interface Plan {
  readonly audienceIds: readonly string[];
  /** Only a mapping's effect can be shared out, delayed or overtaken while its answer is known already. */
  readonly mapping: boolean;
  /** Does it and gives the answer's data. `share`: the part of the rows that takes effect. */
  apply(at: Instant, share: number): Applied;
}
export interface Applied {
  readonly data: unknown;
  readonly added: number;
  readonly removed: number;
}

/** Which permission of tiktok-api.md 2.5 lets a token in; `open` needs no token, `any` no permission. */
export type Access = 'open' | 'any' | 'account' | 'read' | 'write';

const scopesOf: Readonly<Record<Exclude<Access, 'open' | 'any'>, readonly number[]>> = {
  account: [100, 10, 1],
  read: [30, 3],
  write: [31, 3],
};

export interface Definition<Wanted> {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly access: Access;
  /** Belongs to the Streaming API (Q12). */
  readonly streaming?: boolean;
  /** Check 6: required fields and values. What it gives means nothing once `fields` has a problem. */
  read(fields: Fields, world: World): Wanted;
  /** Check 7 is made for these. */
  advertisers(wanted: Wanted): readonly string[];
  /** Check 10: the things that are named exist and may be touched. */
  plan(wanted: Wanted, world: World, token: Token | undefined): Result<Plan, Refusal>;
}

export interface Endpoint {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  /** Checks 5 to 10, in the order of tiktok-api.md 14. */
  check(input: Input, world: World): Result<Plan, Refusal>;
}

export function endpoint<Wanted>(definition: Definition<Wanted>): Endpoint {
  const { path, method, access } = definition;
  return {
    path,
    method,
    check(input, world) {
      const token = input.token === undefined ? undefined : liveToken(world, input.token);
      if (access !== 'open' && token === undefined)
        return err(input.token === undefined ? refusals.noToken : refusals.badToken);
      const fields = readFields(input);
      const wanted = definition.read(fields, world);
      if (fields.problem) return err(fields.problem);
      const refusal =
        token && access !== 'open' ? mayNot(definition, definition.advertisers(wanted), token, world) : undefined;
      return refusal ? err(refusal) : definition.plan(wanted, world, token);
    },
  };
}

/** A plan that only answers. */
export const answering = (data: unknown): Result<Plan, Refusal> =>
  ok({ audienceIds: [], mapping: false, apply: () => ({ data, added: 0, removed: 0 }) });

/** A plan that does something at once and answers with what it returns. */
export const doing = (audienceIds: readonly string[], act: (at: Instant) => unknown): Result<Plan, Refusal> =>
  ok({ audienceIds, mapping: false, apply: (at) => ({ data: act(at), added: 0, removed: 0 }) });

/** Checks 7, 8 and 9. */
function mayNot(
  { path, method, access, streaming }: Pick<Definition<never>, 'path' | 'method' | 'access' | 'streaming'>,
  advertiserIds: readonly string[],
  token: Token,
  world: World,
): Refusal | undefined {
  const foreign = advertiserIds.find((id) => !token.advertiserIds.includes(id));
  if (foreign !== undefined) return noAdvertiser(foreign);
  // Admin or Operator on the ad account; an Analyst only looks (tiktok-api.md 2.5).
  if (token.role === 'analyst' && access === 'write') return noAdvertiser(advertiserIds[0] ?? '');
  if (access !== 'any' && access !== 'open' && !scopesOf[access].some((id) => token.scope.includes(id)))
    return noGrant(path, method);
  if (streaming && findApp(world, token.appId)?.streamingAllowlisted !== true) return refusals.notAllowlisted;
  return undefined;
}
