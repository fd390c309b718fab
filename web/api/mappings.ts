import { queryOptions } from '@tanstack/react-query';
import type { MappingJson } from '../../contract/mapping-kit.ts';
import { api, type DryRun, gone, made, one, tried } from './client.ts';
import { ApiError } from './errors.ts';
import type { components } from './openapi.d.ts';

/** A mapping as stored: the API calls it a subscription, as Segment's does. */
export type StoredMapping = components['schemas']['Subscription'];
export type RecentEvent = components['schemas']['RecentEvent'];

export type Fields = Readonly<Record<string, MappingJson>>;
export type PeopleAnswer = 'keep' | 'remove';

/** What an editor holds. */
export interface MappingDraft {
  readonly name: string;
  readonly actionSlug: string;
  readonly trigger: string;
  readonly settings: Fields;
  readonly enabled: boolean;
}

/** What a change is asked with: whether people of a TikTok audience that is left stay, how many removals are meant. */
export interface Answers {
  readonly people?: PeopleAnswer;
  readonly confirmRemovals?: number;
}

interface Place {
  readonly destinationId: string;
  readonly subscriptionId: string;
}

const path = '/api/v1/destinations/{destinationId}/subscriptions';

export const mappingsQuery = (destinationId: string) =>
  queryOptions({
    queryKey: ['mappings', destinationId],
    queryFn: () => one(api.GET(path, { params: { path: { destinationId } } })),
  });

/** One mapping with the version that was read, so that saving over another editor's version is noticed. */
export const mappingQuery = (place: Place) =>
  queryOptions({
    queryKey: ['mapping', place.subscriptionId],
    queryFn: async () => {
      const asked = api.GET(`${path}/{subscriptionId}`, { params: { path: place } });
      const mapping = await one(asked);
      return { mapping, version: (await asked).response.headers.get('etag') ?? '' };
    },
    // What is typed in an editor is compared with what was read; a refetch in between would only confuse.
    refetchOnWindowFocus: false,
  });

export const createMapping = (destinationId: string, draft: MappingDraft): Promise<StoredMapping> =>
  made(api.POST(path, { params: { path: { destinationId } }, body: { ...draft, settings: { ...draft.settings } } }));

/** What making it would send. */
export const tryCreateMapping = (destinationId: string, draft: MappingDraft): Promise<DryRun> =>
  tried(
    api.POST(path, {
      params: { path: { destinationId }, query: { dryRun: 'true' } },
      body: { ...draft, settings: { ...draft.settings } },
    }),
  );

export type MappingChange = Partial<Pick<MappingDraft, 'name' | 'trigger' | 'settings' | 'enabled'>>;

export const changeMapping = (
  place: Place,
  change: MappingChange,
  { version, ...answers }: Answers & { version?: string } = {},
): Promise<StoredMapping> =>
  made(
    api.PATCH(`${path}/{subscriptionId}`, {
      params: { path: place, query: answers, ...(version === undefined ? {} : { header: { 'if-match': version } }) },
      body: bodyOf(change),
    }),
  );

/** What saving would do; where people would be left at a TikTok audience, what both answers would do. */
export async function tryChangeMapping(place: Place, change: MappingChange): Promise<Weighed> {
  try {
    const dryRun = await tried(
      api.PATCH(`${path}/{subscriptionId}`, {
        params: { path: place, query: { dryRun: 'true' } },
        body: bodyOf(change),
      }),
    );
    return { kind: 'known', dryRun };
  } catch (error) {
    const left = error instanceof ApiError ? peopleLeft(error) : undefined;
    if (left === undefined) throw error;
    return left;
  }
}

const bodyOf = ({ settings, ...rest }: MappingChange) => ({
  ...rest,
  ...(settings === undefined ? {} : { settings: { ...settings } }),
});

export type Weighed =
  | { readonly kind: 'known'; readonly dryRun: DryRun }
  | { readonly kind: 'people left'; readonly people: number; readonly keep: DryRun; readonly remove: DryRun };

function peopleLeft({ problems }: ApiError): Weighed | undefined {
  const asked = problems.find(({ type }) => type === 'people-required');
  const details: unknown = asked?.details;
  return isLeft(details) ? { kind: 'people left', ...details } : undefined;
}

const isLeft = (details: unknown): details is { people: number; keep: DryRun; remove: DryRun } =>
  typeof details === 'object' && details !== null && 'people' in details && 'keep' in details && 'remove' in details;

export const deleteMapping = (place: Place, people: PeopleAnswer, confirmRemovals?: number): Promise<void> =>
  gone(
    place.subscriptionId,
    api.DELETE(`${path}/{subscriptionId}`, {
      params: {
        path: place,
        query: { people, ...(confirmRemovals === undefined ? {} : { confirmRemovals }) },
      },
    }),
  );

/** Remove Users of Add Users, or the other way round, with the same fields. */
export const createCounterpart = (place: Place): Promise<{ id: string }> =>
  one(api.POST(`${path}/{subscriptionId}/counterpart`, { params: { path: place } }));

// Trying out -------------------------------------------------------------------------------------------------------------

/** An event to try a mapping on: one that came in, by its id (its values stay on the server), or one that is typed. */
export type TestEvent =
  | { readonly kind: 'recent'; readonly messageId: string; readonly shape: unknown }
  | { readonly kind: 'typed'; readonly event: Record<string, unknown> };

export interface TriedField {
  readonly key: string;
  readonly label: string;
  readonly value: unknown;
  readonly hashes: readonly string[];
}

/** What a mapping makes of an event (server/mappings/explain.ts); no plain identifier is in it. */
export interface Tried {
  readonly matched: boolean;
  readonly fields: readonly TriedField[];
  readonly result:
    | {
        readonly kind: 'people' | 'nobody';
        readonly direction: 'add' | 'remove';
        readonly reason: string | null;
        readonly left: readonly { readonly type: string; readonly reason: string }[];
      }
    | { readonly kind: 'filtered' | 'invalid'; readonly reason: string };
  readonly request: { readonly id_schema: readonly string[]; readonly batch_data: readonly unknown[] } | null;
  readonly sent: boolean;
  readonly notSentBecause: string | null;
}

export async function tryMapping(
  destinationId: string,
  draft: Pick<MappingDraft, 'actionSlug' | 'trigger' | 'settings'>,
  { event, send }: { event: TestEvent; send: boolean },
): Promise<Tried> {
  const { actionSlug, trigger, settings } = draft;
  const given = event.kind === 'recent' ? { messageId: event.messageId } : { event: event.event as { type: 'track' } };
  const answer = await one(
    api.POST(`${path}/test`, {
      params: { path: { destinationId } },
      body: { subscription: { actionSlug, trigger, settings: { ...settings } }, send, ...given },
    }),
  );
  return answer as unknown as Tried;
}

/** Live choices out of TikTok; an error is part of the answer. */
export const choicesQuery = (destinationId: string, field: string, payload: Fields = {}) =>
  queryOptions({
    queryKey: ['choices', destinationId, field, payload],
    queryFn: () =>
      one(
        api.POST('/api/v1/destinations/{destinationId}/fields/{field}/choices', {
          params: { path: { destinationId, field } },
          body: { payload: { ...payload } },
        }),
      ),
    staleTime: 60_000,
  });
