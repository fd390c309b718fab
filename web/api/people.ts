import { queryOptions } from '@tanstack/react-query';
import { api, one } from './client.ts';
import type { components } from './openapi.d.ts';

export type Person = components['schemas']['Person'];

export type PersonExplanation = components['schemas']['PersonExplanation'];

/** Why somebody is, or is not, at TikTok with an audience, in sentences. */
export const explanationQuery = (spaceId: string, personId: string, audience: string) =>
  queryOptions({
    queryKey: ['explanation', personId, audience],
    queryFn: () =>
      one(
        api.GET('/api/v1/spaces/{spaceId}/people/{personId}/explain', {
          params: { path: { spaceId, personId }, query: { audience } },
        }),
      ),
  });

/** By a whole identifier of any kind, which travels in the body and comes back masked. */
export async function findPeople(spaceId: string, value: string): Promise<Person[]> {
  const params = { path: { spaceId } };
  const found = await Promise.all(
    kindsOf(value).map((type) =>
      one(api.POST('/api/v1/spaces/{spaceId}/people/search', { params, body: { type, value } })),
    ),
  );
  return [...new Map(found.flat().map((person) => [person.id, person])).values()];
}

/** A user id may look like anything, so it is always among them. */
function kindsOf(value: string): string[] {
  if (value.includes('@')) return ['email', 'user_id'];
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) {
    return ['ios.idfa', 'android.idfa', 'anonymous_id', 'user_id'];
  }
  if (/^\+?[\d\s().-]{5,}$/.test(value)) return ['phone', 'user_id'];
  return ['user_id', 'anonymous_id'];
}
