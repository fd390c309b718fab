import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { idToText } from '../../contract/ids.ts';
import { type ApiAnswer, type ApiUnderTest, apiUnderTest, type RequestOptions } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { createSetupLink, ensureFirstUser } from '../auth/auth.ts';
import { totp } from '../auth/two-step.ts';
import { days, hours, manualClock, minutes, seconds } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';
import { Secret } from '../kernel/secret.ts';

/** Invented people. */
const database = testDatabase(import.meta.url);
const clock = manualClock();
const v1 = '/api/v1';
const email = 'ana@example.com';
const password = 'a quiet harbour';

const start = (): ApiUnderTest => apiUnderTest(database.db, clock);
const post = (api: ApiUnderTest, path: string, options: RequestOptions = {}) => api.request('POST', v1 + path, options);
const get = (api: ApiUnderTest, path: string, session?: string) =>
  api.request('GET', v1 + path, session === undefined ? {} : { session });

/** What the browser keeps from an answer. */
const cookieOf = (answer: ApiAnswer): string =>
  /__Host-usher=([^;]*)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? expect.fail(`no cookie: ${answer.text}`);
const typeOf = (answer: ApiAnswer): string => `${answer.status} ${answer.json?.errors?.[0]?.type ?? ''}`.trim();

const setupToken = async (api: ApiUnderTest): Promise<string> =>
  must(await database.db.transaction((tx) => createSetupLink(tx, api.parts)), 'nobody is there').reveal();

/** The first account, signed in. */
async function firstAccount(api: ApiUnderTest): Promise<string> {
  return cookieOf(await post(api, '/setup', { body: { token: await setupToken(api), email, password } }));
}

const signIn = (api: ApiUnderTest, more: Record<string, unknown> = {}, options: RequestOptions = {}) =>
  post(api, '/session', { body: { email, password, ...more }, ...options });

/** Somebody invited with roles, signed in. */
async function invited(api: ApiUnderTest, owner: string, who: string, roles: unknown[]): Promise<string> {
  const made = await post(api, '/invitations', { session: owner, body: { roles } });
  const token = must(String(made.json.data.link).split('#token=')[1], 'a link holds its token');
  const body = { token, email: who, password: 'another harbour' };
  return cookieOf(await post(api, '/invitations/accept', { body }));
}

test('the set-up link makes the first account, an owner of everything, once and within a day', async () => {
  const api = start();
  expect((await get(api, '/session')).json.data).toMatchObject({ signedIn: false, setupNeeded: true, user: null });
  const [token, other] = [await setupToken(api), await setupToken(api)];
  expect(typeOf(await post(api, '/setup', { body: { token: 'guessed', email, password } }))).toBe('404 unknown-link');
  const made = await post(api, '/setup', { body: { token, email, password } });
  expect(made).toMatchObject({
    status: 201,
    json: { data: { signedIn: true, role: 'owner', user: { email, name: 'ana' } } },
  });
  expect(made.headers.get('set-cookie')).toMatch(
    /^__Host-usher=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
  const session = cookieOf(made);
  expect((await post(api, '/spaces', { session, body: { slug: 'shop', name: 'Shop' } })).status).toBe(201);
  expect((await get(api, '/session', session)).json.data).toMatchObject({
    spaces: [{ slug: 'shop', role: 'owner', owners: ['ana'] }],
  });
  for (const link of [token, other]) {
    const again = await post(api, '/setup', { body: { token: link, email: 'bob@example.com', password } });
    expect(again).toMatchObject({
      status: 409,
      json: { errors: [{ message: 'This set-up link was used. Sign in.' }] },
    });
  }
  expect(await database.db.transaction((tx) => createSetupLink(tx, api.parts))).toBeUndefined();
});

test('a set-up link of yesterday says how to get another one', async () => {
  const api = start();
  const token = await setupToken(api);
  await clock.advance(hours(24));
  const answer = await post(api, '/setup', { body: { token, email, password } });
  expect(answer.status).toBe(410);
  expect(answer.json.errors[0].message).toBe('This link is over 24 hours old. Restart Usher to print a new one.');
});

test('two who use set-up links at once make one account', async () => {
  const api = start();
  const tokens = [await setupToken(api), await setupToken(api)];
  const answers = await Promise.all(
    tokens.map((token, i) => post(api, '/setup', { body: { token, email: `p${i}@example.com`, password } })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
});

test('USHER_ADMIN_EMAIL and …_PASSWORD make the first account where there is none', async () => {
  const api = start();
  const deps = { ...api.parts, transaction: database.db.transaction };
  expect(await ensureFirstUser(deps, { email, password: new Secret(password) })).toBe(true);
  expect(await ensureFirstUser(deps, { email: 'bob@example.com', password: new Secret(password) })).toBe(false);
  expect((await signIn(api, { email: 'ANA@example.com' })).status).toBe(201);
});

test('passwords that are short, long, known from breaches or the e-mail itself are refused', async () => {
  const api = start();
  const token = await setupToken(api);
  const wrong = ['seven77', 'x'.repeat(129), 'password123', 'P@ssw0rd!', 'qwertyuiop', 'aaaaaaaaaa', email, '12345678'];
  for (const bad of wrong) {
    const answer = await post(api, '/setup', { body: { token, email, password: bad } });
    expect(typeOf(answer), bad).toBe('400 password');
    expect(answer.text).not.toContain(bad === email ? password : bad);
  }
  expect((await post(api, '/setup', { body: { token, email, password: 'x9'.repeat(64) } })).status).toBe(400);
  expect((await post(api, '/setup', { body: { token, email, password: `${'ab3 '.repeat(31)}wxyz` } })).status).toBe(
    201,
  );
});

test('T7: a wrong password and an unknown account are answered alike, byte for byte', async () => {
  const api = start();
  await firstAccount(api);
  const wrong = await signIn(api, { password: 'not this one' });
  const unknown = await signIn(api, { email: 'nobody@example.com' });
  expect(wrong).toMatchObject({ status: 401, json: { errors: [{ message: 'E-mail or password is not right.' }] } });
  expect([unknown.status, unknown.text, [...unknown.headers]]).toEqual([wrong.status, wrong.text, [...wrong.headers]]);
});

test('T7: of a thousand guesses at one account five are looked at, and the right one waits as well', async () => {
  const api = start();
  await firstAccount(api);
  const guesses = Array.from({ length: 1_000 }, (_, i) => signIn(api, { password: `guess number ${i}` }));
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(5);
  expect(statuses.filter((status) => status === 429)).toHaveLength(995);
  const right = await signIn(api);
  expect(right).toMatchObject({ status: 429, json: { errors: [{ message: 'Too many tries. Wait 5 minutes.' }] } });
  expect(right.headers.get('retry-after')).toBe('300');
  await clock.advance(minutes(5));
  expect((await signIn(api)).status).toBe(201);
});

test('T7: many accounts tried from one address are limited too; other addresses go on', async () => {
  const api = start();
  await firstAccount(api);
  const tries = Array.from({ length: 60 }, (_, i) =>
    signIn(api, { email: `p${i}@example.com` }, { address: '203.0.113.9' }),
  );
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(50);
  expect((await signIn(api, {}, { address: '203.0.113.9' })).status).toBe(429);
  expect((await signIn(api, {}, { address: '203.0.113.10' })).status).toBe(201);
});

test('a header cannot say where a request comes from', async () => {
  const api = start();
  await firstAccount(api);
  for (let i = 0; i < 50; i += 1)
    await signIn(api, { email: `p${i}@example.com` }, { headers: { 'x-forwarded-for': `198.51.100.${i}` } });
  expect((await signIn(api, {}, { headers: { 'x-forwarded-for': '198.51.100.99' } })).status).toBe(429);
});

test('T6: a session that the browser brought along is not the one it gets, and stands only as a hash in the database', async () => {
  const api = start();
  await firstAccount(api);
  const planted = 'planted-by-somebody-else';
  const session = cookieOf(await signIn(api, {}, { session: planted }));
  expect(session).not.toBe(planted);
  expect((await get(api, '/sessions', planted)).status).toBe(401);
  const [dump] = await database.db.query<{ all: string }>(sql`select string_agg(s::text, ' ') as all from sessions s`);
  expect(dump?.all).not.toContain(session);
  expect(dump?.all).not.toContain(Buffer.from(session).toString('hex'));
});

test('T6: after signing out the cookie is worth nothing', async () => {
  const api = start();
  const session = await firstAccount(api);
  const out = await api.request('DELETE', `${v1}/session`, { session });
  expect(out.status).toBe(204);
  expect(out.headers.get('set-cookie')).toMatch(/^__Host-usher=; Max-Age=0; /);
  expect((await get(api, '/sessions', session)).status).toBe(401);
  expect((await get(api, '/session', session)).json.data.signedIn).toBe(false);
});

test('T6: two browsers are two sessions; one signs the other out, and nobody signs out a stranger', async () => {
  const api = start();
  const here = await firstAccount(api);
  const there = cookieOf(await signIn(api, {}, { headers: { 'user-agent': 'Firefox' }, address: '198.51.100.7' }));
  const list = (await get(api, '/sessions', here)).json.data;
  expect(list).toHaveLength(2);
  const other = list.find((one: { current: boolean }) => !one.current);
  expect(other).toMatchObject({ userAgent: 'Firefox', address: '198.51.100.7' });
  const bob = await invited(api, here, 'bob@example.com', [{ spaceId: null, role: 'viewer' }]);
  expect((await api.request('DELETE', `${v1}/sessions/${other.id}`, { session: bob })).status).toBe(404);
  expect((await api.request('DELETE', `${v1}/sessions/${other.id}`, { session: here })).status).toBe(204);
  expect((await get(api, '/sessions', there)).status).toBe(401);
  const third = cookieOf(await signIn(api));
  expect((await api.request('DELETE', `${v1}/sessions`, { session: here })).json.data).toEqual({ ended: 1 });
  expect([(await get(api, '/sessions', third)).status, (await get(api, '/sessions', here)).status]).toEqual([401, 200]);
});

test('T6: a session ends after a week without use, and after a month of use', async () => {
  const api = start();
  const idle = await firstAccount(api);
  const used = cookieOf(await signIn(api));
  for (let day = 0; day < 29; day += 1) {
    await clock.advance(days(1));
    expect((await get(api, '/sessions', used)).status, `day ${day}`).toBe(200);
  }
  expect((await get(api, '/sessions', idle)).status).toBe(401);
  await clock.advance(days(1));
  expect((await get(api, '/sessions', used)).status).toBe(401);
});

test('T6: a new password ends every other session, changes this cookie, and the old one opens nothing', async () => {
  const api = start();
  const other = await firstAccount(api);
  const session = cookieOf(await signIn(api));
  const change = (body: unknown, by = session) => post(api, '/profile/password', { session: by, body });
  expect(typeOf(await change({ current: 'not this one', next: 'a louder harbour' }))).toBe('401 wrong-credentials');
  expect(typeOf(await change({ next: 'a louder harbour' }))).toBe('401 wrong-credentials');
  expect(typeOf(await change({ current: password, next: 'short' }))).toBe('400 password');
  const changed = await change({ current: password, next: 'a louder harbour' });
  expect(changed.status).toBe(200);
  for (const old of [session, other]) expect((await get(api, '/sessions', old)).status).toBe(401);
  expect((await get(api, '/sessions', cookieOf(changed))).status).toBe(200);
  expect((await signIn(api)).status).toBe(401);
  expect((await signIn(api, { password: 'a louder harbour' })).status).toBe(201);
});

test('T8: after 15 minutes the password is asked for again, and the cookie changes with it', async () => {
  const api = start();
  const session = await firstAccount(api);
  const makeToken = (by: string) =>
    post(api, '/tokens', { session: by, body: { name: 'ci', role: 'viewer', spaceId: null } });
  await clock.advance(minutes(15));
  expect(typeOf(await makeToken(session))).toBe('401 reauthenticate');
  expect((await get(api, '/session', session)).json.data.confirmed).toBe(false);
  expect((await get(api, '/tokens', session)).status).toBe(200);
  expect(typeOf(await post(api, '/session/confirm', { session, body: { password: 'wrong' } }))).toBe(
    '401 wrong-credentials',
  );
  const confirmed = await post(api, '/session/confirm', { session, body: { password } });
  expect(confirmed).toMatchObject({ status: 200, json: { data: { confirmed: true } } });
  expect((await get(api, '/sessions', session)).status).toBe(401);
  expect((await makeToken(cookieOf(confirmed))).status).toBe(201);
});

test('T8: two steps: a code works once, with half a minute of drift, and each recovery code once', async () => {
  const api = start();
  const session = await firstAccount(api);
  const { secret, uri } = (await post(api, '/profile/two-step', { session })).json.data;
  expect(uri).toBe(`otpauth://totp/Usher:ana%40example.com?secret=${secret}&issuer=Usher`);
  const code = (drift = 0) => totp(secret, Math.floor(clock.now() / 30_000) + drift);
  expect((await signIn(api)).status, 'not on before it is confirmed').toBe(201);
  expect(typeOf(await post(api, '/profile/two-step/confirm', { session, body: { code: code(5) } }))).toBe(
    '400 wrong-code',
  );
  const on = await post(api, '/profile/two-step/confirm', { session, body: { code: code() } });
  const [recovery] = on.json.data.recoveryCodes;
  expect(new Set(on.json.data.recoveryCodes).size).toBe(10);

  expect(typeOf(await signIn(api))).toBe('401 code-needed');
  expect((await signIn(api, { code: code() })).status, 'used to confirm').toBe(401);
  await clock.advance(seconds(60));
  expect((await signIn(api, { code: code(-1) })).status).toBe(201);
  expect((await signIn(api, { code: code(-1) })).status, 'used').toBe(401);
  expect((await signIn(api, { code: recovery.toUpperCase() })).status).toBe(201);
  expect((await signIn(api, { code: recovery })).status, 'used').toBe(401);
  await clock.advance(minutes(6));
  const guesses = await Promise.all(Array.from({ length: 50 }, () => signIn(api, { code: '000000' })));
  expect(guesses.filter(({ status }) => status === 401)).toHaveLength(5);

  const [stored] = await database.db.query<{ all: string }>(sql`select string_agg(u::text, ' ') as all from users u`);
  expect(stored?.all).not.toContain(secret);
  await clock.advance(minutes(6));
  const fresh = cookieOf(await signIn(api, { code: code() }));
  expect((await api.request('DELETE', `${v1}/profile/two-step`, { session: fresh })).status).toBe(204);
  expect((await signIn(api)).status).toBe(201);
});

test('RFC 6238: the codes are those of every authenticator app', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'; // "12345678901234567890", the key of the RFC's table
  const at = (time: number) => totp(secret, Math.floor(time / 30));
  expect([at(59), at(1_111_111_109), at(1_234_567_890), at(2_000_000_000)]).toEqual([
    '287082',
    '081804',
    '005924',
    '279037',
  ]);
});

test('T5: what a browser sends along is taken from our own pages only', async () => {
  const api = start();
  const session = await firstAccount(api);
  const cookie = `__Host-usher=${session}`;
  const patch = (headers: Record<string, string>, host = 'usher.example') =>
    api.request('PATCH', `${v1}/profile`, { headers: { host, cookie, ...headers }, body: { name: 'Ana' } });
  const ours = 'https://usher.example';
  const allowed = [
    { origin: ours, 'sec-fetch-site': 'same-origin' },
    { origin: ours },
    { origin: 'https://other.name', host: 'other.name', 'sec-fetch-site': 'same-origin' },
  ];
  for (const headers of allowed) expect((await patch(headers)).status, JSON.stringify(headers)).toBe(200);
  const refused = [
    {},
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { origin: 'null' },
    { origin: 'https://evil.example' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    { origin: 'http://usher.example.evil.example' },
    { origin: ours, 'sec-fetch-site': 'cross-site' },
    { origin: ours, 'sec-fetch-site': 'same-site' },
    { origin: `${ours}:444` },
  ];
  for (const headers of refused) expect(typeOf(await patch(headers)), JSON.stringify(headers)).toBe('403 foreign-page');
  expect(typeOf(await patch({ origin: ours, 'x-http-method-override': 'GET', 'content-type': 'text/plain' }))).toMatch(
    /^(200|415)/,
  );
  for (const path of ['/session', '/setup', '/invitations/accept', '/session/link'])
    expect(typeOf(await post(api, path, { headers: { origin: 'https://evil.example' }, body: {} }))).toBe(
      '403 foreign-page',
    );
  const token = await api.token(null, 'owner');
  const byToken = { token, headers: { origin: 'https://evil.example' }, body: { slug: 'x', name: 'X' } };
  expect((await post(api, '/spaces', byToken)).status, 'a token proves itself').toBe(201);
});

test('a token decides alone: beside the cookie of an owner it is still a viewer', async () => {
  const api = start();
  const session = await firstAccount(api);
  const token = await api.token(null, 'viewer');
  expect((await post(api, '/spaces', { token, session, body: { slug: 'x', name: 'X' } })).status).toBe(403);
});

test('an invitation gives its roles once, within seven days, to a new account or to one that is signed in', async () => {
  const api = start();
  const owner = await firstAccount(api);
  const spaceId = idToText('space', await api.space('shop'));
  const make = () =>
    post(api, '/invitations', { session: owner, body: { roles: [{ spaceId, role: 'editor' }], note: 'Bob' } });
  const made = await make();
  expect(made.json.data.link).toMatch(/^https:\/\/usher\.example\/invite#token=[\w-]{43}$/);
  const token = made.json.data.link.split('=')[1];
  expect((await post(api, '/invitations/read', { body: { token } })).json.data).toMatchObject({
    spaces: [{ name: 'shop', role: 'editor' }],
  });
  expect(typeOf(await post(api, '/invitations/accept', { body: { token, email, password } })), 'taken').toBe(
    '409 taken',
  );
  const accepted = await post(api, '/invitations/accept', { body: { token, email: 'bob@example.com', password } });
  expect(accepted.json.data).toMatchObject({ role: null, spaces: [{ id: spaceId, role: 'editor' }] });
  expect(typeOf(await post(api, '/invitations/read', { body: { token } }))).toBe('409 used-link');

  const second = (await make()).json.data;
  expect((await get(api, '/invitations', owner)).json.data).toMatchObject([{ id: second.id, note: 'Bob' }]);
  expect((await api.request('DELETE', `${v1}/invitations/${second.id}`, { session: owner })).status).toBe(204);
  expect(typeOf(await post(api, '/invitations/read', { body: { token: second.link.split('=')[1] } }))).toBe(
    '410 revoked-link',
  );

  const all = await post(api, '/invitations', { session: owner, body: { roles: [{ spaceId: null, role: 'viewer' }] } });
  const bob = cookieOf(accepted);
  const join = { session: bob, body: { token: all.json.data.link.split('=')[1] } };
  expect((await post(api, '/invitations/join', join)).status).toBe(204);
  expect((await get(api, '/session', bob)).json.data).toMatchObject({ role: 'viewer', spaces: [{ role: 'editor' }] });

  const late = (await make()).json.data.link.split('=')[1];
  await clock.advance(days(7));
  expect(typeOf(await post(api, '/invitations/read', { body: { token: late } }))).toBe('410 old-link');
});

test('roles count from the next request on, and the last owner cannot leave or be changed', async () => {
  const api = start();
  const ana = await firstAccount(api);
  const spaceId = idToText('space', await api.space('shop'));
  const bob = await invited(api, ana, 'bob@example.com', [{ spaceId, role: 'viewer' }]);
  const rename = () => api.request('PATCH', `${v1}/spaces/${spaceId}`, { session: bob, body: { name: 'Bobs' } });
  expect((await rename()).status).toBe(403);
  const people = (await get(api, '/users', ana)).json.data;
  const idOf = (who: string): string => people.find((one: { email: string }) => one.email === who).id;
  const patch = (id: string, roles: unknown, session = ana) =>
    api.request('PATCH', `${v1}/users/${id}`, { session, body: { roles } });
  expect((await patch(idOf('bob@example.com'), [{ spaceId, role: 'editor' }])).status).toBe(200);
  expect((await rename()).status).toBe(200);
  expect(typeOf(await patch(idOf(email), []))).toBe('409 last-owner');
  expect(typeOf(await api.request('DELETE', `${v1}/users/${idOf(email)}`, { session: ana }))).toBe('409 last-owner');
  expect((await patch(idOf('bob@example.com'), [{ spaceId: null, role: 'owner' }])).status).toBe(200);
  const both = await Promise.all([patch(idOf(email), []), patch(idOf('bob@example.com'), [], bob)]);
  expect(both.map(({ status }) => status).sort(), 'two owners leave at once').toEqual([200, 409]);
});

test('I11: an owner of one space sees and changes people of that space only', async () => {
  const api = start();
  const ana = await firstAccount(api);
  const [ours, theirs] = [idToText('space', await api.space('ours')), idToText('space', await api.space('theirs'))];
  const bob = await invited(api, ana, 'bob@example.com', [{ spaceId: ours, role: 'owner' }]);
  await invited(api, ana, 'cleo@example.com', [{ spaceId: theirs, role: 'viewer' }]);
  await invited(api, ana, 'dan@example.com', [
    { spaceId: ours, role: 'viewer' },
    { spaceId: theirs, role: 'owner' },
  ]);
  const seen = (await get(api, '/users', bob)).json.data;
  expect(seen.map((one: { email: string }) => one.email).sort()).toEqual([email, 'bob@example.com', 'dan@example.com']);
  expect(JSON.stringify(seen)).not.toContain(theirs);
  const dan = seen.find((one: { email: string }) => one.email === 'dan@example.com');
  const patch = (roles: unknown) => api.request('PATCH', `${v1}/users/${dan.id}`, { session: bob, body: { roles } });
  expect((await patch([{ spaceId: theirs, role: 'viewer' }])).status).toBe(404);
  expect((await patch([{ spaceId: null, role: 'viewer' }])).status).toBe(404);
  expect((await patch([])).status).toBe(200);
  const all = (await get(api, '/users', ana)).json.data;
  expect(all.find((one: { id: string }) => one.id === dan.id).roles).toEqual([{ spaceId: theirs, role: 'owner' }]);
});

test('an account that is removed is signed out everywhere, and its e-mail is free again', async () => {
  const api = start();
  const ana = await firstAccount(api);
  const bob = await invited(api, ana, 'bob@example.com', [{ spaceId: null, role: 'editor' }]);
  const { id } = (await get(api, '/session', bob)).json.data.user;
  expect((await api.request('DELETE', `${v1}/users/${id}`, { session: ana })).status).toBe(204);
  expect((await get(api, '/sessions', bob)).status).toBe(401);
  expect((await signIn(api, { email: 'bob@example.com', password: 'another harbour' })).status).toBe(401);
  await invited(api, ana, 'bob@example.com', [{ spaceId: null, role: 'editor' }]);
});

test('a sign-in link signs in once, and lets its holder set a password without the old one', async () => {
  const api = start();
  const ana = await firstAccount(api);
  const bob = await invited(api, ana, 'bob@example.com', [{ spaceId: null, role: 'editor' }]);
  const { id } = (await get(api, '/session', bob)).json.data.user;
  const made = await post(api, `/users/${id}/sign-in-link`, { session: ana });
  expect(made.json.data.link).toMatch(/^https:\/\/usher\.example\/sign-in#token=/);
  const body = { token: made.json.data.link.split('=')[1] };
  const session = cookieOf(await post(api, '/session/link', { body }));
  expect(typeOf(await post(api, '/session/link', { body }))).toBe('409 used-link');
  expect((await post(api, '/profile/password', { session, body: { next: 'a third harbour' } })).status).toBe(200);
  expect((await signIn(api, { email: 'bob@example.com', password: 'a third harbour' })).status).toBe(201);
});

test('preferences are kept per person, key by key, and are not a store', async () => {
  const api = start();
  const session = await firstAccount(api);
  const patch = (preferences: unknown) => api.request('PATCH', `${v1}/profile`, { session, body: { preferences } });
  await patch({ technicalDetails: true, theme: 'dark' });
  await patch({ theme: 'light' });
  expect((await get(api, '/session', session)).json.data.user.preferences).toEqual({
    technicalDetails: true,
    theme: 'light',
  });
  expect((await patch({ big: 'x'.repeat(9_000) })).status).toBe(400);
});

test('T19: signing in, people and invitations stand in the audit log by name, with where from; a changed row shows', async () => {
  const api = start();
  const ana = await firstAccount(api);
  await invited(api, ana, 'bob@example.com', [{ spaceId: null, role: 'viewer' }]);
  const { json } = await get(api, '/audit-events', ana);
  expect(json.data.map((one: { action: string; actorName: string }) => `${one.actorName}: ${one.action}`)).toEqual([
    'bob: session.begin',
    'ana: invitation.create',
    'ana: session.begin',
  ]);
  expect(json.data[0].address).toBe('192.0.2.1');
  const verify = async () => (await get(api, '/audit-events/verification', ana)).json.data;
  expect(await verify()).toEqual({ verified: true, rows: 3, firstBroken: null });
  await expect(database.db.query(sql`update audit_log set actor = 'user:9'`)).rejects.toThrow('only ever added to');
  const id = json.data[1].id;
  const tamper = (change: ReturnType<typeof sql>) =>
    database.db.transaction(async (tx) => {
      await tx.query(sql`set local session_replication_role = replica`);
      await tx.query(change);
    });
  await tamper(sql`update audit_log set actor = 'user:9' where entry_id = ${id}`);
  expect(await verify()).toMatchObject({ verified: false, firstBroken: id });
  await tamper(sql`update audit_log set actor = ${json.data[1].actor} where entry_id = ${id}`);
  expect(await verify()).toMatchObject({ verified: true });
  await tamper(sql`delete from audit_log where entry_id = (select max(entry_id) from audit_log)`);
  expect(await verify()).toEqual({ verified: false, rows: 2, firstBroken: null });
});

test('T3, I13: no password, cookie, link, code or e-mail is ever logged', async () => {
  const lines: string[] = [];
  const api = start();
  const session = await firstAccount(api);
  const other = cookieOf(await signIn(api));
  await signIn(api, { password: 'not this one' });
  await signIn(api, { email: 'nobody@example.com' });
  const bob = await invited(api, session, 'bob@example.com', [{ spaceId: null, role: 'viewer' }]);
  lines.push(...api.said.filter((text) => text.startsWith('{"level"')));
  for (const secret of [password, 'not this one', session, other, bob, email, 'nobody@example.com'])
    expect(lines.filter((line) => line.includes(secret))).toEqual([]);
});
