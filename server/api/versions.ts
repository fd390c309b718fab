/** Two editors (ETag, If-Match): who saves over a version that somebody else has saved is told so instead. */
import { createHash } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { SpaceId } from '../../contract/ids.ts';
import { listAudit } from '../auth/auth.ts';
import type { Queryable } from '../db/port.ts';
import { type ApiEnv, refusal } from './http.ts';

type VersionContext = Pick<Context<ApiEnv>, 'req' | 'header'>;

/** Of what an editor can change, and of nothing else: a pause or a progress is no new version. */
export function etagOf(editable: object): string {
  return `"${createHash('sha256').update(JSON.stringify(editable)).digest('base64url').slice(0, 16)}"`;
}

export const ifMatch = z.object({
  'if-match': z
    .string()
    .optional()
    .openapi({ description: 'the ETag of the version that was read; another one answers 412' }),
});

/** Goes out with the thing as it is now. */
export const tagged = (c: VersionContext, editable: object): void => c.header('etag', etagOf(editable));

/** Where to look for who saved it: the audit log has it. */
interface Trace {
  readonly spaceId: SpaceId;
  readonly subject: string;
  readonly action: string;
}

/** Lets a request pass that names the present version in If-Match, or none at all. */
export async function demandVersion(c: VersionContext, q: Queryable, editable: object, trace: Trace): Promise<void> {
  const wanted = c.req.header('if-match')?.trim();
  if (wanted === undefined || wanted === '*') return;
  const tags = wanted.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (tags.includes(etagOf(editable))) return;
  const { spaceId, subject, action } = trace;
  const page = { before: Number.MAX_SAFE_INTEGER, limit: 1 };
  const [last] = (await listAudit(q, { spaceIds: [spaceId], subject, action }, page)).items;
  const who = last
    ? `${last.actorName ?? last.actor} saved this at ${last.at.toISOString()}`
    : 'this was saved meanwhile';
  throw refusal(412, 'outdated', `${who}. Your change was not made: read it again, or repeat without If-Match`);
}
