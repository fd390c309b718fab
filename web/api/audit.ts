import { queryOptions } from '@tanstack/react-query';
import { api, one, page } from './client.ts';
import type { components } from './openapi.d.ts';

export type AuditEvent = components['schemas']['AuditEvent'];
export type AuditChain = components['schemas']['AuditChain'];

/** Absent is no filter; `action` is the beginning of one. */
export interface AuditFilter {
  readonly spaceId?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
}
interface AuditPage {
  readonly data: AuditEvent[];
  readonly pagination: { next: string | null; total: number };
}

const shownAtOnce = 50;
const readAtOnce = 1_000;

export const auditQuery = (filter: AuditFilter, cursor: string) =>
  queryOptions({
    queryKey: ['audit', filter, cursor],
    queryFn: () => auditPage(filter, { limit: shownAtOnce, ...(cursor === '' ? {} : { cursor }) }),
    placeholderData: (before: AuditPage | undefined) => before,
  });

/** Everything that the filter lets through, for a file. */
export async function wholeAudit(filter: AuditFilter): Promise<AuditEvent[]> {
  const found: AuditEvent[] = [];
  let cursor: string | null = null;
  do {
    const at: AuditPage = await auditPage(filter, { limit: readAtOnce, ...(cursor === null ? {} : { cursor }) });
    found.push(...at.data);
    cursor = at.pagination.next;
  } while (cursor !== null);
  return found;
}

/** Whether the log stands as it was written; null: what belongs to no space. */
export const chainQuery = (spaceId: string | null) =>
  queryOptions({
    queryKey: ['audit-chain', spaceId],
    queryFn: () =>
      spaceId === null
        ? one(api.GET('/api/v1/audit-events/verification'))
        : one(api.GET('/api/v1/spaces/{spaceId}/audit-events/verification', { params: { path: { spaceId } } })),
    // It reads the whole log: once a visit is enough.
    staleTime: 60_000,
  });

function auditPage({ spaceId, ...filter }: AuditFilter, place: { limit: number; cursor?: string }): Promise<AuditPage> {
  const query = { ...filter, ...place };
  if (spaceId === undefined) return page(api.GET('/api/v1/audit-events', { params: { query } }));
  return page(api.GET('/api/v1/spaces/{spaceId}/audit-events', { params: { path: { spaceId }, query } }));
}
