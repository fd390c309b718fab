import { createRoute, z } from '@hono/zod-openapi';
import { idSchema } from '../../contract/ids.ts';
import { findAction, listMappings, type Mapping } from '../destinations/destinations.ts';
import { must } from '../kernel/result.ts';
import { forEditors, permittedDestination } from './access.ts';
import { type Api, notFound, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import { conflict, oneOf, refusals } from './shapes.ts';

/** Which action undoes which (segment-spec.md 0, step 11); an action without a counterpart does both. */
const counterparts: Readonly<Record<string, string>> = {
  addUser: 'removeUser',
  removeUser: 'addUser',
  addToAudience: 'removeFromAudience',
  removeFromAudience: 'addToAudience',
};

/** Makes Remove Users of Add Users, or the other way round, by one click. */
export function counterpart(app: Api, parts: ApiParts): void {
  app.openapi(route, async (c) => {
    const { destinationId, subscriptionId } = c.req.valid('param');
    await permittedDestination(c, parts.db, destinationId);
    const mappings = await listMappings(parts.db, destinationId);
    const mapping = mappings.find(({ id }) => id === subscriptionId);
    if (!mapping) throw notFound();
    const actionSlug = counterparts[mapping.actionSlug];
    if (actionSlug === undefined) throw refusal(409, 'no-counterpart', 'this action adds and removes people by itself');
    if (mappings.some((one) => isCounterpart(one, mapping)))
      throw refusal(409, 'taken', 'this mapping has its counterpart already');
    // From here on it is a new mapping like any other: the same checks, consequences and line in the audit log.
    const headers = new Headers(c.req.raw.headers);
    headers.delete('content-length');
    headers.set('content-type', 'application/json');
    const address = `/api/v1/destinations/${c.req.param('destinationId')}/subscriptions${new URL(c.req.url).search}`;
    const body = JSON.stringify(counterpartOf(mapping, actionSlug));
    // Typed as any answer: what it says is checked where mappings are made.
    return app.request(address, { method: 'POST', headers, body }, c.env) as never;
  });
}

/** The same fields, on the other action, when people leave instead of enter. */
export function counterpartOf(mapping: Mapping, actionSlug: string) {
  const [from, to] = [actionOf(mapping.actionSlug), actionOf(actionSlug)];
  const name = mapping.name.startsWith(from.name) ? to.name + mapping.name.slice(from.name.length) : to.name;
  return {
    name,
    actionSlug,
    trigger: turned(mapping.trigger, to),
    settings: mapping.settings,
    enabled: mapping.enabled,
  };
}

/** A trigger on other event names than Segment's cannot be turned round by us. */
function turned(trigger: string, { defaultTrigger }: { defaultTrigger: string }): string {
  const swapped = trigger.replaceAll(/Audience (Entered|Exited)/g, (name) =>
    name === 'Audience Entered' ? 'Audience Exited' : 'Audience Entered',
  );
  return swapped === trigger ? defaultTrigger : swapped;
}

/** Fields that say which people go where; two mappings that differ in one of them are no pair. */
const sharedFields = [
  'selected_advertiser_id',
  'personas_audience_key',
  'audience_id',
  'custom_audience_name',
] as const;

const isCounterpart = (one: Mapping, other: Mapping): boolean =>
  one.actionSlug === counterparts[other.actionSlug] &&
  sharedFields.every((field) => JSON.stringify(one.settings[field]) === JSON.stringify(other.settings[field]));

const actionOf = (slug: string) => must(findAction(slug), 'a stored mapping has an action of the catalog');

const route = createRoute({
  ...forEditors,
  tags: ['Subscriptions'],
  method: 'post',
  path: '/api/v1/destinations/{destinationId}/subscriptions/{subscriptionId}/counterpart',
  summary:
    'Remove Users for Add Users, or the other way round: a new mapping with the same fields; takes the query of POST …/subscriptions',
  request: { params: z.object({ destinationId: idSchema('destination'), subscriptionId: idSchema('mapping') }) },
  responses: {
    201: oneOf(z.looseObject({ id: z.string() }), 'the new mapping, a Subscription'),
    409: conflict,
    ...refusals,
  },
});
