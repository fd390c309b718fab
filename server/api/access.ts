import type { MiddlewareHandler } from 'hono';
import type { DestinationId, SourceId, SpaceId } from '../../contract/ids.ts';
import {
  allows,
  audit,
  findSession,
  getSpace,
  type Role,
  type Session,
  type Space,
  sees,
  spacesOf,
} from '../auth/auth.ts';
import type { Queryable, Tx } from '../db/port.ts';
import { type Destination, getDestination } from '../destinations/destinations.ts';
import { getSource, type Source } from '../ingest/ingest.ts';
import { invariant } from '../kernel/result.ts';
import { fromOf, readSessionCookie } from './cookie.ts';
import { type ApiContext, type ApiEnv, notFound, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';

/** Remembers where the request came from, for the audit log and the limits on guessing. */
export const rememberFrom: MiddlewareHandler<ApiEnv> = async (c, next) => {
  c.set('from', fromOf(c));
  await next();
};

/** Nobody without a token or a session gets further. A token decides alone, also beside a cookie. */
export function onlyKnown(parts: ApiParts): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const authorization = c.req.header('authorization');
    const cookie = readSessionCookie(c, parts);
    const principal =
      authorization !== undefined || cookie === undefined
        ? await parts.authenticate(authorization)
        : await findSession(parts, cookie);
    if (principal === undefined) {
      c.header('www-authenticate', 'Bearer');
      throw refusal(401, 'unauthorized', 'sign in, or send a valid API token as Authorization: Bearer …');
    }
    c.set('principal', principal);
    await next();
  };
}

/**
 * Goes into a route's definition: the role it needs, also shown in the OpenAPI document. Whether the principal has it is
 * asked by `permit`, once the space is known. One mechanism for tokens and people; of people `sensitive` routes also ask
 * that the password was typed lately (T8). What needs an owner and changes something is always sensitive.
 */
const forRole = <Name extends Role>(role: Name, sensitive: boolean) => {
  const remember: MiddlewareHandler<ApiEnv> = async (c, next) => {
    c.set('needs', role);
    c.set('sensitive', sensitive || (role === 'owner' && c.req.method !== 'GET'));
    await next();
  };
  return { security: [{ token: [] }, { session: [] }], middleware: remember, 'x-role': role };
};
export const forViewers = forRole('viewer', false);
export const forEditors = forRole('editor', false);
export const forSureEditors = forRole('editor', true);
export const forOwners = forRole('owner', false);

/** For a person's own account: whoever is signed in, whatever their roles; a token is nobody's. */
const forPerson = (sensitive: boolean) => {
  const check: MiddlewareHandler<ApiEnv> = async (c, next) => {
    const { session } = c.get('principal');
    if (session === undefined) throw refusal(403, 'forbidden', 'this is for people who are signed in, not for tokens');
    if (sensitive && !session.confirmed) throw reauthenticate();
    await next();
  };
  return { security: [{ session: [] }], middleware: check, 'x-role': 'person' as const };
};
export const forPeople = forPerson(false);
export const forSurePeople = forPerson(true);

/** Before anybody is signed in; registered in front of `onlyKnown`. */
export const forAnyone: { security: Record<string, string[]>[]; 'x-role': 'anyone' } = {
  security: [],
  'x-role': 'anyone',
};

const reauthenticate = () => refusal(401, 'reauthenticate', 'type your password again to do this');

/** The session of the person who asks; for routes of `forPeople`. */
export function sessionOf(c: ApiContext): Session {
  const { session } = c.get('principal');
  invariant(session, 'forPeople lets only people in');
  return session;
}

/** I11: what the principal does not see is not there; what it sees, it may do if its role suffices. Null: the installation. */
export function permit(c: ApiContext, spaceId: SpaceId | null): void {
  const principal = c.get('principal');
  if (!sees(principal, spaceId)) throw notFound();
  const needs = c.get('needs');
  if (!allows(principal, spaceId, needs)) throw refusal(403, 'forbidden', `this needs the role ${needs}`);
  if (c.get('sensitive') && principal.session?.confirmed === false) throw reauthenticate();
}

/** The space that a list is of where none is named: the only one that the principal sees; null: every one. */
export function onlySpace(c: ApiContext): SpaceId | null {
  const spaces = spacesOf(c.get('principal'));
  if (spaces === null) return null;
  const [only, another] = spaces;
  if (only === undefined) throw notFound();
  if (another !== undefined) throw refusal(400, 'invalid', 'name one of your spaces', 'spaceId');
  return only;
}

export async function permittedSpace(c: ApiContext, q: Queryable, id: SpaceId): Promise<Space> {
  permit(c, id);
  const space = await getSpace(q, id);
  if (!space) throw notFound();
  return space;
}

export async function permittedDestination(c: ApiContext, q: Queryable, id: DestinationId): Promise<Destination> {
  const destination = await getDestination(q, id);
  if (!destination) throw notFound();
  permit(c, destination.spaceId);
  return destination;
}

export async function permittedSource(
  c: ApiContext,
  deps: { db: Queryable; vault: ApiParts['vault'] },
  id: SourceId,
): Promise<Source> {
  const source = await getSource(deps.db, deps, id);
  if (!source) throw notFound();
  permit(c, source.spaceId);
  return source;
}

export type RecordAudit = (entry: {
  spaceId: SpaceId | null;
  action: string;
  subject: string;
  details?: Record<string, unknown>;
}) => Promise<void>;

/** A change and its one line in the audit log, committed together (T19). */
export async function change<Result>(
  parts: Pick<ApiParts, 'db' | 'clock'>,
  c: ApiContext,
  work: (tx: Tx, record: RecordAudit) => Promise<Result>,
): Promise<Result> {
  const { actor } = c.get('principal');
  const { address } = c.get('from');
  return parts.db.transaction(async (tx) => {
    let lines = 0;
    const result = await work(tx, async (entry) => {
      lines += 1;
      await audit(tx, parts.clock, { ...entry, actor, address });
    });
    invariant(lines === 1, 'a change writes exactly one audit row');
    return result;
  });
}

/** Names of the fields that a change names, for the audit log; never their values. */
export const fieldsOf = (body: object): { fields: string[] } => ({ fields: Object.keys(body).sort() });
