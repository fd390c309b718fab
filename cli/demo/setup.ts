import type { Json } from '../../server/kernel/json.ts';
import { isObject } from '../../server/kernel/json.ts';
import { giveConsent } from './consent.ts';
import { DemoError, type Http, type Rest, textAt } from './http.ts';

/** What the seed's steps (segment-spec.md 0) leave behind, with what the client and the comparison need. */
export interface Prepared {
  readonly spaceId: string;
  readonly writeKey: string;
  readonly destinationId: string;
  readonly audienceId: string;
  readonly audienceKey: string;
  readonly advertiserId: string;
}

/** The seed's thirteen steps through the REST API; comments give the step's number. */
export async function prepare(parts: { http: Http; rest: Rest; server: string }, slug: string): Promise<Prepared> {
  const { rest } = parts;
  const space = await rest.post('/spaces', { name: 'Demo shop', slug });
  const spaceId = textAt(space, 'id');
  const source = await rest.post(`/spaces/${spaceId}/sources`, { name: 'Engage', slug: 'engage', kind: 'server' });
  const audienceKey = 'first_time_shopper';
  const audience = await rest.post(`/spaces/${spaceId}/audiences`, {
    name: 'First-time shoppers', // 1 and 2
    key: audienceKey,
    kind: 'external',
  });
  const audienceId = textAt(audience, 'id');
  const destinationId = await connectTikTok(parts, spaceId);
  const advertiserId = await firstAdvertiser(rest, destinationId);
  await addMappings(rest, destinationId, { advertiserId, audienceKey });
  await rest.post(`/spaces/${spaceId}/audiences/${audienceId}/destination-connections`, {
    destinationId, // 12 and 13: the event names stay as they are
    sendTrack: true,
    sendIdentify: false,
  });
  return { spaceId, writeKey: firstWriteKey(source), destinationId, audienceId, audienceKey, advertiserId };
}

/** An address that signs in once, as the only account there is. */
export async function signInLink(rest: Rest): Promise<string> {
  const users = await rest.get('/users');
  const [first] = Array.isArray(users) ? users : [];
  if (first === undefined) throw new DemoError('the server has no account to sign in as');
  return textAt(await rest.post(`/users/${textAt(first, 'id')}/sign-in-link`, {}), 'link');
}

/** Steps 3 to 8: the destination, authenticated by OAuth, switched on. */
async function connectTikTok(parts: { http: Http; rest: Rest; server: string }, spaceId: string): Promise<string> {
  const { http, rest, server } = parts;
  const destination = await rest.post('/destinations', {
    spaceId,
    metadataId: 'actions-tiktok-audiences',
    name: 'TikTok Audiences',
    settings: {},
  });
  const destinationId = textAt(destination, 'id');
  const authorize = await rest.post(`/destinations/${destinationId}/oauth/authorize`, {});
  await giveConsent(http, textAt(authorize, 'url'), server);
  await rest.patch(`/destinations/${destinationId}`, { enabled: true });
  return destinationId;
}

/** Step 10: the choices of the Advertiser ID field come from TikTok. */
async function firstAdvertiser(rest: Rest, destinationId: string): Promise<string> {
  const answer = await rest.post(`/destinations/${destinationId}/fields/selected_advertiser_id/choices`, {});
  const choices = isObject(answer) ? answer['choices'] : answer;
  const first = Array.isArray(choices) ? choices[0] : undefined;
  if (!isObject(first)) throw new DemoError('TikTok gave no advertiser to choose');
  return textAt(first, 'value');
}

/** Steps 9 to 11: Add Users and Remove Users with the seed's fields. */
async function addMappings(
  rest: Rest,
  destinationId: string,
  names: { advertiserId: string; audienceKey: string },
): Promise<void> {
  const settings = {
    selected_advertiser_id: names.advertiserId,
    custom_audience_name: { '@path': '$.properties.audience_key' },
    personas_audience_key: names.audienceKey,
    email: { '@path': '$.context.traits.email' },
    phone: { '@path': '$.context.traits.phone' },
    advertising_id: { '@path': '$.context.device.advertisingId' },
    device_type: { '@path': '$.context.device.type' },
    send_email: true,
    send_phone: true,
    send_advertising_id: true,
  };
  const mappings = [
    { name: 'Add Users', actionSlug: 'addUser', trigger: 'event = "Audience Entered"' },
    { name: 'Remove Users', actionSlug: 'removeUser', trigger: 'event = "Audience Exited"' },
  ];
  for (const mapping of mappings) {
    await rest.post(`/destinations/${destinationId}/subscriptions`, { ...mapping, settings, enabled: true });
  }
}

function firstWriteKey(source: Json): string {
  const keys = isObject(source) ? source['writeKeys'] : undefined;
  const first = Array.isArray(keys) ? keys[0] : undefined;
  if (typeof first === 'string') return first;
  if (!isObject(first)) throw new DemoError('the new source has no write key');
  return textAt(first, 'key');
}
