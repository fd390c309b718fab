import type { MiddlewareHandler } from 'hono';
import type { DestinationId, SourceId, SpaceId } from '../../contract/ids.ts';
import { type Authenticate, allows, audit, getSpace, type Role, type Space, sees } from '../auth/auth.ts';
import type { Queryable, Tx } from '../db/port.ts';
import { type Destination, getDestination } from '../destinations/destinations.ts';
import { getSource, type Source } from '../ingest/ingest.ts';
import { invariant } from '../kernel/result.ts';
import { type ApiContext, type ApiEnv, notFound, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';

/** Nobody without a token gets further. */
export function onlyKnown(authenticate: Authenticate): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const principal = await authenticate(c.req.header('authorization'));
    if (principal === undefined) {
      c.header('www-authenticate', 'Bearer');
      throw refusal(401, 'unauthorized', 'send a valid API token as Authorization: Bearer …');
    }
    c.set('principal', principal);
    await next();
  };
}

/**
 * Goes into a route's definition: the role it needs, also shown in the OpenAPI document. Whether the principal has it is
 * asked by `permit`, once the space is known.
 */
const forRole = <Name extends Role>(role: Name) => {
  const remember: MiddlewareHandler<ApiEnv> = async (c, next) => {
    c.set('needs', role);
    await next();
  };
  return { security: [{ token: [] }], middleware: remember, 'x-role': role };
};
export const forViewers = forRole('viewer');
export const forEditors = forRole('editor');
export const forOwners = forRole('owner');

/** I11: what the principal does not see is not there; what it sees, it may do if its role suffices. Null: the installation. */
export function permit(c: ApiContext, spaceId: SpaceId | null): void {
  const principal = c.get('principal');
  if (!sees(principal, spaceId)) throw notFound();
  const needs = c.get('needs');
  if (!allows(principal, spaceId, needs)) throw refusal(403, 'forbidden', `this needs the role ${needs}`);
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
  return parts.db.transaction(async (tx) => {
    let lines = 0;
    const result = await work(tx, async (entry) => {
      lines += 1;
      await audit(tx, parts.clock, { ...entry, actor });
    });
    invariant(lines === 1, 'a change writes exactly one audit row');
    return result;
  });
}

/** Names of the fields that a change names, for the audit log; never their values. */
export const fieldsOf = (body: object): { fields: string[] } => ({ fields: Object.keys(body).sort() });
