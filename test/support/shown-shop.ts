import { request } from 'undici';
import { giveConsent } from '../../cli/demo/consent.ts';
import { textAt, undiciHttp } from '../../cli/demo/http.ts';
import { signInLink } from '../../cli/demo/setup.ts';
import type { Json } from '../../server/kernel/json.ts';
import { engageEvent, type Usher } from './usher.ts';

/** A shop with something to see on every page: ids for addresses, and a link that signs its owner in, once. */
export interface ShownShop {
  readonly space: string;
  /** A space in which nothing has begun. */
  readonly emptySpace: string;
  readonly source: string;
  readonly audience: string;
  /** Sends, and has parked and skipped people. */
  readonly destination: string;
  readonly mapping: string;
  /** Waits for somebody: TikTok has two audiences of the name. */
  readonly blocked: string;
  /** Made, not connected. */
  readonly unfinished: string;
  readonly invitation: string;
  readonly signInLink: string;
}

/** For `startUsher`: the first account is there from the start. */
export const shownEnv = { USHER_ADMIN_EMAIL: 'ana@example.com', USHER_ADMIN_PASSWORD: 'forty steps to the sea' };

/** Half a megabyte is Segment's limit. */
const batchMax = 500;
const accountEu = '7100000000000000002';

/** Fills an empty Usher through its own doors. All people are invented. */
export async function fillShop(usher: Usher, members: number): Promise<ShownShop> {
  const { rest } = usher;
  const shop = await usher.prepare('demo-shop');
  const audienceOf = (name: string, key: string): Promise<Json> =>
    rest.post(`/spaces/${shop.spaceId}/audiences`, { name, key, kind: 'external' });
  await audienceOf('VIP customers', 'vip');
  await audienceOf('Win-back, 90 days', 'win_back_90_days');
  const blocked = await destinationForVips(usher, shop.spaceId);
  const unfinished = await newDestination(usher, shop.spaceId, 'TikTok Outlet');
  const events = [
    ...arrivals('first_time_shopper', members),
    ...arrivals('vip', Math.ceil(members / 4)),
    ...arrivals('cart_abandoner', 12),
    strangeEvent,
  ];
  for (let at = 0; at < events.length; at += batchMax) {
    await usher.send(shop.writeKey, events.slice(at, at + batchMax));
  }
  await usher.settled(shop.destinationId);
  // TikTok must have accepted somebody before a refusal says anything about a person (server/delivery/isolate.ts).
  const refused = [1, 2, 3].map((more) => ({ userId: `late-${more}`, email: emailOf(members + more) }));
  for (const { email } of refused) await refuse(usher, email);
  await usher.send(shop.writeKey, [
    ...departures('first_time_shopper', Math.floor(members / 20)),
    ...refused.map((person) => engageEvent('first_time_shopper', true, person)),
    ...arrivals('first_time_shopper', 40, members + 10),
  ]);
  await usher.settled(shop.destinationId);
  const [source, mapping] = await Promise.all([
    firstId(usher, `/spaces/${shop.spaceId}/sources`),
    firstId(usher, `/destinations/${shop.destinationId}/subscriptions`),
  ]);
  await rest.post(`/spaces/${shop.spaceId}/sources`, { name: 'Website', slug: 'website', kind: 'website' });
  return {
    space: shop.spaceId,
    emptySpace: textAt(await rest.post('/spaces', { name: 'Development', slug: 'development' }), 'id'),
    source,
    audience: shop.audienceId,
    destination: shop.destinationId,
    mapping,
    blocked,
    unfinished,
    invitation: await people(usher, shop.spaceId),
    signInLink: await signInLink(rest),
  };
}

async function newDestination(usher: Usher, spaceId: string, name: string): Promise<string> {
  const settings = {};
  return textAt(
    await usher.rest.post('/destinations', { spaceId, metadataId: 'actions-tiktok-audiences', name, settings }),
    'id',
  );
}

/** Connected and mapped, but TikTok has two audiences called vip. */
async function destinationForVips(usher: Usher, spaceId: string): Promise<string> {
  const { rest } = usher;
  for (const _ of [1, 2]) usher.sandbox.makeAudience(accountEu, 'vip');
  const id = await newDestination(usher, spaceId, 'TikTok Europe');
  await giveConsent(undiciHttp, textAt(await rest.post(`/destinations/${id}/oauth/authorize`, {}), 'url'), usher.url);
  await rest.patch(`/destinations/${id}`, { enabled: true });
  const settings = {
    selected_advertiser_id: accountEu,
    custom_audience_name: { '@path': '$.properties.audience_key' },
    personas_audience_key: 'vip',
    email: { '@path': '$.context.traits.email' },
    send_email: true,
  };
  const mapping = { name: 'Add Users', actionSlug: 'addUser', trigger: 'event = "Audience Entered"' };
  await rest.post(`/destinations/${id}/subscriptions`, { ...mapping, settings, enabled: true });
  const audiences = (await rest.get(`/spaces/${spaceId}/audiences`)) as { id: string; key: string }[];
  const vip = audiences.find(({ key }) => key === 'vip');
  await rest.post(`/spaces/${spaceId}/audiences/${vip?.id}/destination-connections`, {
    destinationId: id,
    sendTrack: true,
    sendIdentify: false,
  });
  return id;
}

/** An editor who came, and an invitation that is open. */
async function people(usher: Usher, spaceId: string): Promise<string> {
  const invite = async (role: string, note: string): Promise<string> =>
    textAt(await usher.rest.post('/invitations', { roles: [{ spaceId, role }], note }), 'link');
  const token = new URL(await invite('editor', 'Ben')).hash.replace('#token=', '');
  await usher.rest.post('/invitations/accept', {
    token,
    email: 'ben@example.com',
    name: 'Ben',
    password: 'twelve boats at anchor',
  });
  await usher.rest.post('/tokens', { name: 'Nightly export', role: 'viewer', spaceId });
  return invite('viewer', 'Cleo, from the agency');
}

async function firstId(usher: Usher, path: string): Promise<string> {
  const list = (await usher.rest.get(path)) as Json[];
  return textAt(list[0] ?? null, 'id');
}

/** By the sandbox's own page: TikTok will refuse this one, whatever form it is hashed in. */
async function refuse(usher: Usher, identifier: string): Promise<void> {
  const body = new URLSearchParams({ identifier }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  await (await request(`${usher.sandbox.url}/controls/refuse`, { method: 'POST', headers, body })).body.dump();
}

const names = ['ada', 'ben', 'cleo', 'dan', 'eva', 'finn', 'gita', 'hugo', 'ines', 'jan', 'kaya', 'leo', 'mia', 'noor'];
const emailOf = (person: number): string => `${names[person % names.length]}.${person}@example.com`;

const arrivals = (key: string, count: number, from = 0): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, index) => engageEvent(key, true, identifiersOf(from + index)));

const departures = (key: string, count: number): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, index) => engageEvent(key, false, identifiersOf(index * 10 + 3)));

/** Of a hundred, three have nothing that can be sent. */
function identifiersOf(person: number) {
  const userId = `shop-${person}`;
  if (person % 33 === 12) return person % 2 === 0 ? { userId } : { userId, phone: '555-1234' };
  const phone = `+1 (${200 + (person % 700)}) 555-01${String(person % 100).padStart(2, '0')}`;
  return person % 3 === 0 ? { userId, email: emailOf(person), phone } : { userId, email: emailOf(person) };
}

/** Fails on ingest: a track event needs a name. */
const strangeEvent = { type: 'track', userId: 'shop-1', messageId: 'no-name' };
