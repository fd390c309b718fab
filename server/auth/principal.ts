import type { SessionId, SpaceId, UserId } from '../../contract/ids.ts';

/** A viewer reads, an editor changes, an owner also has people, tokens, the connection to TikTok and deletions. */
export const roles = ['viewer', 'editor', 'owner'] as const;
export type Role = (typeof roles)[number];

/** A role in one space; `spaceId` null: in every space, and over what belongs to none. */
export interface Grant {
  spaceId: SpaceId | null;
  role: Role;
}

/** Who asks: an API token or a signed-in person. Both have roles in the same way, so one check serves both. */
export interface Principal {
  /** What the audit log names: 'token:12', 'user:3'. */
  actor: string;
  grants: readonly Grant[];
  /** A person's sign-in; absent for a token. */
  session?: Session;
}

/** Whoever holds roles. */
type Holder = Pick<Principal, 'grants'>;

export interface Session {
  id: SessionId;
  userId: UserId;
  /** Whether the password was typed lately: sensitive actions ask for it again after a while (T8). */
  confirmed: boolean;
}

/** I11: whether this principal may do what needs `role` in this space; `spaceId` null: for the whole installation. */
export function allows(principal: Holder, spaceId: SpaceId | null, role: Role): boolean {
  const has = roleIn(principal.grants, spaceId);
  return has !== undefined && roles.indexOf(has) >= roles.indexOf(role);
}

/** Whether this space exists for the principal at all; what it does not see is answered like what there is not. */
export const sees = (principal: Holder, spaceId: SpaceId | null): boolean =>
  roleIn(principal.grants, spaceId) !== undefined;

/** The highest role that stands for this space. */
export function roleIn(grants: readonly Grant[], spaceId: SpaceId | null): Role | undefined {
  const levels = grants
    .filter((grant) => grant.spaceId === null || grant.spaceId === spaceId)
    .map(({ role }) => roles.indexOf(role));
  return roles[Math.max(...levels, -1)];
}

/** The spaces in which the principal has at least this role; null: in every one there is and will be. */
export function spacesOf(principal: Holder, role: Role = 'viewer'): SpaceId[] | null {
  if (allows(principal, null, role)) return null;
  const named = principal.grants.flatMap(({ spaceId }) => (spaceId === null ? [] : [spaceId]));
  return [...new Set(named)].filter((spaceId) => allows(principal, spaceId, role)).sort((a, b) => a - b);
}
