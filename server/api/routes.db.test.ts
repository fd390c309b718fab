import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { type DestinationId, idToText, type SourceId, type SpaceId } from '../../contract/ids.ts';
import { type ApiUnderTest, apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { type Role, roles } from '../auth/auth.ts';
import { beginSession } from '../auth/sessions.ts';
import { totp } from '../auth/two-step.ts';
import { createUser } from '../auth/users.ts';
import { insertRequest } from '../delivery/requests.sql.ts';
import { block, ensureTargets, markLeaving } from '../destinations/destinations.ts';
import { manualClock, minutes } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';
import { Secret } from '../kernel/secret.ts';
import { resolvePeople } from '../profiles/profiles.ts';

/**
 * I11 and T10 for every route there is: the list comes from the OpenAPI document, so a new route is walked from its first
 * day, or the test asks for a body to walk it with.
 */
const database = testDatabase(import.meta.url);
const clock = manualClock();

interface Route {
  method: string;
  path: string;
  role: 'viewer' | 'editor' | 'owner' | 'person' | 'anyone';
}

async function routesOf(api: ApiUnderTest): Promise<Route[]> {
  const { json } = await api.request('GET', '/api/v1/openapi.json');
  return Object.entries<Record<string, { 'x-role': Route['role'] }>>(json.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      role: operation['x-role'],
    })),
  );
}

/** A space with one of everything, a token and a signed-in person of each role. */
async function world(api: ApiUnderTest, slug: string) {
  const space = await api.space(slug);
  const spaceId = idToText('space', space);
  const tokens = {
    viewer: await api.token(space, 'viewer'),
    editor: await api.token(space, 'editor'),
    owner: await api.token(space, 'owner'),
  };
  const make = async (path: string, body: unknown): Promise<Record<string, string>> => {
    const made = await api.request('POST', `/api/v1${path}`, { token: tokens.owner, body });
    expect(made.status, made.text).toBe(201);
    return made.json.data;
  };
  const source = await make(`/spaces/${spaceId}/sources`, { slug: 'web', name: 'Web', kind: 'server' });
  const key = await make(`/sources/${source['id']}/writekey`, undefined);
  const metadataId = 'actions-tiktok-audiences';
  const destination = await make('/destinations', { spaceId, metadataId, name: 'TikTok' });
  const subscription = await make(`/destinations/${destination['id']}/subscriptions`, mapping);
  const audience = await make(`/spaces/${spaceId}/audiences`, { name: 'VIP' });
  const connections = `/spaces/${spaceId}/audiences/${audience['id']}/destination-connections`;
  await make(connections, { destinationId: destination['id'] });
  const other = await make('/destinations', { spaceId, metadataId, name: 'Other' });
  const child = await make('/tokens', { name: 'child', role: 'viewer', spaceId });
  const people = {
    viewer: await signedIn(api, space, 'viewer'),
    editor: await signedIn(api, space, 'editor'),
    owner: await signedIn(api, space, 'owner'),
  };
  const invitation = await make('/invitations', { roles: [{ spaceId, role: 'viewer' }] });
  const ids: Record<string, string> = {
    spaceId,
    sourceId: source['id'] ?? '',
    keyId: key['id'] ?? '',
    destinationId: destination['id'] ?? '',
    subscriptionId: subscription['id'] ?? '',
    tokenId: child['id'] ?? '',
    userId: idToText('user', people.viewer.userId),
    sessionId: idToText('session', people.owner.otherSessionId),
    invitationId: invitation['id'] ?? '',
    audienceId: audience['id'] ?? '',
    otherDestinationId: other['id'] ?? '',
    ...(await traces(space, Number(destination['id']?.slice(4)) as DestinationId)),
    field: 'selected_advertiser_id',
    metadataId,
  };
  return { space, tokens, people, ids };
}

/** Somebody with a role in a space, at two browsers. */
async function signedIn(api: ApiUnderTest, spaceId: SpaceId, role: Role) {
  const from = { address: '192.0.2.7', userAgent: 'a browser' };
  return database.db.transaction(async (tx) => {
    const account = { email: `${role}@${spaceId}.example`, name: role, passwordHash: await passwordHash(api) };
    const { id: userId } = must(await createUser(tx, clock, { ...account, grants: [{ spaceId, role }] }), 'new');
    const other = await beginSession(tx, api.parts, { userId, via: 'password' }, from);
    const { cookie } = await beginSession(tx, api.parts, { userId, via: 'password' }, from);
    return { userId, session: cookie.reveal(), otherSessionId: other.session.id };
  });
}

const password = 'a quiet harbour';
let hashed: Promise<string> | undefined;
function passwordHash(api: ApiUnderTest): Promise<string> {
  hashed ??= api.parts.passwords.hash(new Secret(password));
  return hashed;
}

/** What only events and calls leave behind: a person, a blocked target, a call. */
async function traces(spaceId: SpaceId, destinationId: DestinationId): Promise<Record<string, string>> {
  return database.db.transaction(async (tx) => {
    const at = new Date(clock.now());
    const time = at.toISOString();
    const event = { type: 'track', event: 'Seen', userId: 'u1', messageId: 'm1' } as const;
    const stamps = { timestamp: time, originalTimestamp: time, receivedAt: time };
    const received = { spaceId, sourceId: 0 as SourceId, sourceKind: 'server', timeUs: 0, originalUs: 0 } as const;
    const { people } = await resolvePeople(tx, { clock }, [{ ...received, event: { ...event, ...stamps } }]);
    const ref = { advertiserId: '7001', audience: { by: 'name', name: 'vip' } } as const;
    const [targetId] = await ensureTargets(tx, clock, { spaceId, destinationId }, [ref]);
    const why = { problem: 'none', reason: 'no audience has this name' } as const;
    await block(tx, clock, must(targetId, 'a target'), why);
    await markLeaving(tx, clock, [must(targetId, 'a target')]);
    const call = { fence: 1, kind: 'add', advertiserId: '7001', rows: 0, targets: [], payload: null } as const;
    const requestNo = await insertRequest(tx, { spaceId, destinationId, ...call, startedAt: at });
    return {
      personId: idToText('person', must(people[0], 'a person')),
      targetId: idToText('target', must(targetId, 'a target')),
      requestId: `req_${requestNo}`,
    };
  });
}

const mapping = {
  name: 'Add Users',
  actionSlug: 'addUser',
  trigger: 'event = "Audience Entered"',
  settings: { selected_advertiser_id: '7001', custom_audience_name: 'vip', personas_audience_key: 'vip' },
};

/** What to send along, so that nothing but the right to do it can stop a request. */
const bodies: Record<string, (ids: Record<string, string>) => unknown> = {
  'POST /api/v1/spaces': () => ({ slug: 'new', name: 'New' }),
  'PATCH /api/v1/spaces/{spaceId}': () => ({ name: 'New' }),
  'POST /api/v1/spaces/{spaceId}/sources': () => ({ slug: 'new', name: 'New', kind: 'website' }),
  'PATCH /api/v1/sources/{sourceId}': () => ({ name: 'New' }),
  'POST /api/v1/sources/{sourceId}/writekey': () => undefined,
  'POST /api/v1/destinations': ({ sourceId, metadataId }) => ({ sourceId, metadataId, name: 'New' }),
  'PATCH /api/v1/destinations/{destinationId}': () => ({ name: 'New' }),
  'POST /api/v1/destinations/{destinationId}/fields/{field}/choices': () => ({}),
  'POST /api/v1/destinations/{destinationId}/oauth/authorize': () => ({}),
  'POST /api/v1/destinations/{destinationId}/oauth/revoke': () => undefined,
  'POST /api/v1/destinations/{destinationId}/subscriptions': () => mapping,
  'POST /api/v1/destinations/{destinationId}/subscriptions/test': ({ subscriptionId }) => ({
    subscriptionId,
    event: { type: 'track', event: 'Audience Entered' },
    send: true,
  }),
  'PATCH /api/v1/destinations/{destinationId}/subscriptions/{subscriptionId}': () => ({ enabled: true }),
  'POST /api/v1/spaces/{spaceId}/audiences': () => ({ name: 'New' }),
  'PATCH /api/v1/spaces/{spaceId}/audiences/{audienceId}': () => ({ name: 'New' }),
  'POST /api/v1/spaces/{spaceId}/audiences/{audienceId}/destination-connections': ({ otherDestinationId }) => ({
    destinationId: otherDestinationId,
  }),
  'PATCH /api/v1/spaces/{spaceId}/audiences/{audienceId}/destination-connections/{destinationId}': () => ({
    sendIdentify: true,
  }),
  'POST /api/v1/spaces/{spaceId}/audiences/{audienceId}/destination-connections/{destinationId}/matching-mappings':
    () => ({ sendTrack: true, sendIdentify: false, enteredEvent: 'Audience Entered', exitedEvent: 'Audience Exited' }),
  'POST /api/v1/destinations/{destinationId}/parked/retry': () => undefined,
  'POST /api/v1/destinations/{destinationId}/resume': () => undefined,
  'POST /api/v1/destinations/{destinationId}/targets/{targetId}/resolve': () => ({ create: true }),
  'POST /api/v1/destinations/{destinationId}/targets/{targetId}/resync': () => ({}),
  'PATCH /api/v1/destinations/{destinationId}/targets/{targetId}/resync': () => ({ paused: true }),
  'POST /api/v1/destinations/{destinationId}/targets/{targetId}/check': () => undefined,
  'POST /api/v1/destinations/{destinationId}/targets/{targetId}/give-up': () => ({}),
  'POST /api/v1/spaces/{spaceId}/people/search': () => ({ type: 'user_id', value: 'u1' }),
  'POST /api/v1/spaces/{spaceId}/events/recent/match': () => ({ trigger: 'type = "track"' }),
  'POST /api/v1/destinations/{destinationId}/subscriptions/{subscriptionId}/counterpart': () => undefined,
  'POST /api/v1/session': () => ({ email: 'nobody@example.com', password }),
  'POST /api/v1/session/link': () => ({ token: 'unknown' }),
  'POST /api/v1/session/confirm': () => ({ password }),
  'POST /api/v1/setup': () => ({ token: 'unknown', email: 'nobody@example.com', password }),
  'POST /api/v1/invitations/read': () => ({ token: 'unknown' }),
  'POST /api/v1/invitations/accept': () => ({ token: 'unknown', email: 'nobody@example.com', password }),
  'POST /api/v1/invitations/join': ({ invitationToken }) => ({ token: invitationToken }),
  'POST /api/v1/invitations': ({ spaceId }) => ({ roles: [{ spaceId, role: 'viewer' }] }),
  'PATCH /api/v1/profile': () => ({ name: 'New' }),
  'POST /api/v1/profile/password': () => ({ current: password, next: 'a louder harbour' }),
  'POST /api/v1/profile/two-step': () => undefined,
  'POST /api/v1/profile/two-step/confirm': ({ code }) => ({ code }),
  'PATCH /api/v1/users/{userId}': ({ spaceId }) => ({ roles: [{ spaceId, role: 'editor' }] }),
  'POST /api/v1/users/{userId}/sign-in-link': () => undefined,
  'POST /api/v1/tokens': ({ spaceId }) => ({ name: 'New', role: 'viewer', spaceId }),
};

/** Reads that are a POST because they take a body. */
const readsOnly = new Set([
  'POST /api/v1/destinations/{destinationId}/fields/{field}/choices',
  'POST /api/v1/destinations/{destinationId}/targets/{targetId}/check',
  'POST /api/v1/spaces/{spaceId}/people/search',
  'POST /api/v1/spaces/{spaceId}/events/recent/match',
  'POST /api/v1/spaces/{spaceId}/audiences/{audienceId}/destination-connections/{destinationId}/matching-mappings',
]);
/** Routes that no id of a space stands in: what a token may do there is told by tests of their own. */
const withoutSpace = new Set([
  'GET /api/v1/spaces',
  'POST /api/v1/spaces',
  'GET /api/v1/tokens',
  'GET /api/v1/destinations',
  'GET /api/v1/catalog/destinations',
  'GET /api/v1/catalog/destinations/{metadataId}',
  'GET /api/v1/catalog/errors',
  'GET /api/v1/tiktok-app',
  'GET /api/v1/ingest/unknown-keys',
  'GET /api/v1/audit-events',
  'GET /api/v1/audit-events/verification',
  'GET /api/v1/users',
  'GET /api/v1/invitations',
]);
/** Only for tokens of the whole installation; for others there is no such thing. */
const ofInstallation = new Set([
  'POST /api/v1/spaces',
  'GET /api/v1/ingest/unknown-keys',
  'GET /api/v1/audit-events/verification',
  'DELETE /api/v1/users/{userId}',
  'POST /api/v1/users/{userId}/sign-in-link',
]);
const byRole = (route: Route): route is Route & { role: Role } => roles.some((role) => role === route.role);

const nameOf = (route: Route): string => `${route.method} ${route.path}`;

type Caller = { token?: string; session?: string };

function send(api: ApiUnderTest, route: Route, ids: Record<string, string>, caller: Caller) {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? expect.fail(`no id for ${name}`));
  const body = bodies[nameOf(route)];
  if ((route.method === 'POST' || route.method === 'PATCH') && !body) expect.fail(`no body for ${nameOf(route)}`);
  const query = route.method === 'DELETE' ? '?people=keep' : '';
  return api.request(route.method, path + query, { ...caller, body: body?.(ids) });
}

const random = (ids: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, id.replace(/_\d+$/, '_987654321')]));

test('without a token or a session no route does anything', async () => {
  const api = apiUnderTest(database.db, clock);
  const { ids } = await world(api, 'ours');
  const routes = await routesOf(api);
  expect(routes.length).toBeGreaterThan(25);
  for (const route of routes) {
    if (route.role === 'anyone') continue;
    for (const caller of [{}, { token: 'ush_wrong' }, { session: 'wrong' }]) {
      expect((await send(api, route, ids, caller)).status, nameOf(route)).toBe(401);
    }
  }
});

test('I11: a foreign id is answered exactly like one that does not exist, to tokens and to people, and changes nothing', async () => {
  const api = apiUnderTest(database.db, clock);
  const ours = await world(api, 'ours');
  const theirs = await world(api, 'theirs');
  const before = await dump();
  for (const route of (await routesOf(api)).filter(byRole)) {
    if (withoutSpace.has(nameOf(route))) continue;
    for (const caller of [{ token: theirs.tokens.owner }, { session: theirs.people.owner.session }]) {
      const foreign = await send(api, route, ours.ids, caller);
      const unknown = await send(api, route, random(ours.ids), caller);
      expect(foreign.status, nameOf(route)).toBe(404);
      expect([foreign.text, [...foreign.headers]], nameOf(route)).toEqual([unknown.text, [...unknown.headers]]);
    }
  }
  expect(await dump()).toEqual(before);
  const lists = ['/destinations', '/spaces', '/tokens', '/users', '/invitations', '/audit-events'];
  for (const list of lists) {
    const { text } = await api.request('GET', `/api/v1${list}`, { token: theirs.tokens.owner });
    for (const id of ['spaceId', 'destinationId', 'tokenId', 'userId', 'invitationId'].map((name) => ours.ids[name]))
      expect(text).not.toContain(`"${id}"`);
  }
  const asked = await api.request('GET', `/api/v1/destinations?spaceId=${ours.ids['spaceId']}`, {
    token: theirs.tokens.owner,
  });
  expect(asked.status).toBe(404);
});

test('a role does what its route names, and no more: a viewer changes nothing, by token or by sign-in', async () => {
  const api = apiUnderTest(database.db, clock);
  const { ids, tokens, people } = await world(api, 'ours');
  const before = await dump();
  for (const route of (await routesOf(api)).filter(byRole)) {
    for (const role of roles.slice(0, roles.indexOf(route.role))) {
      const refused = ofInstallation.has(nameOf(route)) ? 404 : 403;
      for (const caller of [{ token: tokens[role] }, { session: people[role].session }])
        expect((await send(api, route, ids, caller)).status, `${nameOf(route)} as ${role}`).toBe(refused);
    }
  }
  expect(await dump()).toEqual(before);
});

test('T19: every route that changes something writes exactly one line into the audit log', async () => {
  const api = apiUnderTest(database.db, clock);
  let worlds = 0;
  const fresh = () => {
    worlds += 1;
    return world(api, `shop${worlds}`);
  };
  // What only reads leaves its world as it was; making one takes three passwords.
  const read = await fresh();
  for (const route of await routesOf(api)) {
    if (route.role === 'anyone') continue; // these are walked in sign-in.db.test.ts
    const isRead = route.method === 'GET' || readsOnly.has(nameOf(route));
    const { ids, tokens, people } = isRead ? read : await fresh();
    if (/\/(oauth\/revoke|tiktok-account)$/.test(route.path)) await connect(api, ids, tokens.owner);
    Object.assign(ids, await prepared(api, route, { session: people.owner.session, token: tokens.owner, ids }));
    const caller = byRole(route)
      ? { token: ofInstallation.has(nameOf(route)) ? await api.token(null, 'owner') : tokens[route.role] }
      : { session: people.owner.session };
    const before = await auditRows();
    const answer = await send(api, route, ids, caller);
    expect(answer.status, `${nameOf(route)}: ${answer.text}`).toBeLessThan(300);
    const lines = isRead ? 0 : 1;
    expect((await auditRows()) - before, nameOf(route)).toBe(lines);
  }
}, 120_000);

test('T8: what only owners may change, and write keys, ask a person for the password again after 15 minutes', async () => {
  const api = apiUnderTest(database.db, clock);
  const { ids, people } = await world(api, 'ours');
  await clock.advance(minutes(16));
  const asks: string[] = [];
  for (const route of (await routesOf(api)).filter(byRole)) {
    if (route.method === 'GET' || ofInstallation.has(nameOf(route))) continue;
    if (route.role !== 'owner' && !route.path.includes('/writekey')) continue;
    const answer = await send(api, route, ids, { session: people.owner.session });
    expect(answer, nameOf(route)).toMatchObject({ status: 401, json: { errors: [{ type: 'reauthenticate' }] } });
    asks.push(nameOf(route));
  }
  expect(asks.length).toBeGreaterThan(8);
});

/** What must have been done before a route answers: of one's own account, or of a resync. */
async function prepared(
  api: ApiUnderTest,
  route: Route,
  { session, token, ids }: { session: string; token: string; ids: Record<string, string> },
): Promise<Record<string, string>> {
  if (route.path.endsWith('/invitations/join')) {
    const body = { roles: [{ spaceId: ids['spaceId'], role: 'editor' }] };
    const made = await api.request('POST', '/api/v1/invitations', { token, body });
    return { invitationToken: String(made.json.data.link).split('token=')[1] ?? '' };
  }
  if (route.path.endsWith('/resync') && route.method !== 'POST') {
    const path = `/api/v1/destinations/${ids['destinationId']}/targets/${ids['targetId']}/resync`;
    const begun = await api.request('POST', path, { token, body: {} });
    expect(begun.status).toBe(202);
  }
  if (!route.path.endsWith('/two-step/confirm')) return {};
  const begun = await api.request('POST', '/api/v1/profile/two-step', { session });
  return { code: totp(begun.json.data.secret, Math.floor(clock.now() / 30_000)) };
}

async function connect(api: ApiUnderTest, ids: Record<string, string>, token: string): Promise<void> {
  const begun = await api.request('POST', `/api/v1/destinations/${ids['destinationId']}/oauth/authorize`, {
    token,
    body: {},
  });
  const state = new URL(begun.json.data.url).searchParams.get('state');
  await api.request('GET', `/oauth/tiktok/callback?state=${state}&auth_code=abc`);
}

async function auditRows(): Promise<number> {
  const rows = await database.db.query<{ count: number }>(sql`select count(*) as count from audit_log`);
  return rows[0]?.count ?? 0;
}

/** Everything that a request could have changed; when tokens were last used is no change. */
const dump = () =>
  database.db.query(sql`
    select 'd' as what, d::text as row from destinations d union all select 'm', m::text from mappings m
    union all select 's', s::text from spaces s union all select 'o', o::text from sources o
    union all select 'k', k::text from write_keys k union all select 'a', a::text from audit_log a
    union all select 'i', i::text from oauth_states i union all select 'u', u::text from audiences u
    union all select 'c', c::text from audience_connections c union all select 'w', w::text from walks w
    union all select 'g', g::text from targets g
    union all select 't', t.token_id::text || coalesce(t.revoked_at::text, '') from api_tokens t
    union all select 'r', r::text from user_roles r union all select 'l', l::text from one_time_links l order by 1, 2`);
