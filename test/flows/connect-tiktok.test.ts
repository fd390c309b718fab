import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { idToText } from '../../contract/ids.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import type { Tx } from '../../server/db/port.ts';
import {
  accessToken,
  type CreateRecord,
  ensureTargets,
  getDestination,
  getTarget,
  resolveTarget,
  type TargetRef,
} from '../../server/destinations/destinations.ts';
import { manualClock, minutes, systemClock } from '../../server/kernel/clock.ts';
import { silentLog } from '../../server/kernel/log.ts';
import { systemRandom } from '../../server/kernel/random.ts';
import { must } from '../../server/kernel/result.ts';
import { Secret } from '../../server/kernel/secret.ts';
import { createTikTok, type TikTok } from '../../server/tiktok/tiktok.ts';
import { apiUnderTest } from '../support/api-client.ts';
import { testDatabase } from '../support/database.ts';

/** The seed's connection, on TikTok's stand-in: allow by OAuth, choose from live lists, find or make the audience. */
const database = testDatabase(import.meta.url);
const clock = manualClock();
const app = { appId: '7000000000000000001', secret: 'sandbox-secret' };
const redirectUris = ['https://usher.example/oauth/tiktok/callback'];
const advertiser = '7100000000000000001';
let sandbox: Sandbox;
let tiktok: TikTok;

beforeAll(async () => {
  const settings = { consent: 'approve' as const, apps: [{ ...app, redirectUris }] };
  sandbox = await startSandbox({ port: 0, clock: systemClock, log: silentLog, settings });
  tiktok = createTikTok({
    settings: {
      appId: app.appId,
      appSecret: new Secret(app.secret),
      apiUrl: sandbox.apiUrl,
      authUrl: sandbox.authUrl,
      timeoutMs: 5_000,
    },
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
});
beforeEach(() => {
  sandbox.reset();
  sandbox.clearFaults();
  sandbox.setSettings({ consent: 'approve' });
});
afterAll(async () => {
  await tiktok.close();
  await sandbox.close();
});

async function shop() {
  const api = apiUnderTest(database.db, clock, { tiktok });
  const spaceId = await api.space('shop');
  const token = await api.token(spaceId, 'owner');
  const body = { spaceId: idToText('space', spaceId), metadataId: 'actions-tiktok-audiences', name: 'TikTok' };
  const { json } = await api.request('POST', '/api/v1/destinations', { token, body });
  const path = `/api/v1/destinations/${json.data.id}`;
  return { api, token, path, spaceId, destinationId: Number(json.data.id.slice(4)) as never };
}
type Shop = Awaited<ReturnType<typeof shop>>;

/** The browser's way: to TikTok's consent page, and back to the address TikTok redirects to. */
async function connect({ api, token, path }: Shop) {
  const { json } = await api.request('POST', `${path}/oauth/authorize`, { token, body: {} });
  const consent = await fetch(json.data.url, { redirect: 'manual' });
  const back = new URL(must(consent.headers.get('location'), 'TikTok sends the browser back'));
  expect(back.origin + back.pathname).toBe('https://usher.example/oauth/tiktok/callback');
  return { back: back.pathname + back.search, answer: await api.request('GET', back.pathname + back.search) };
}

function creates(): CreateRecord & { open: Date | undefined } {
  const record: CreateRecord & { open: Date | undefined } = {
    open: undefined,
    unanswered: async () => record.open,
    announce: async () => {
      record.open = new Date(clock.now());
      return async (answer, store) => {
        const stored = await database.db.transaction(store);
        if (answer.outcome.kind !== 'unknown') record.open = undefined;
        return stored;
      };
    },
  };
  return record;
}

async function resolve(of: Shop, ref: TargetRef, record = creates()) {
  const owner = { spaceId: of.spaceId, destinationId: of.destinationId };
  const [id] = await database.db.transaction((tx) => ensureTargets(tx, clock, owner, [ref]));
  const target = must(await getTarget(database.db, must(id, 'made')), 'made');
  const token = must(await accessToken(of.api.parts, of.destinationId), 'connected');
  const deps = {
    db: database.db,
    clock,
    tiktok,
    creates: record,
    store: <Stored>(work: (tx: Tx) => Promise<Stored>) => database.db.transaction(work),
    anyToAdd: async () => true,
    replace: async () => ({ kind: 'replaced' }) as const,
    reach: () => {},
  };
  const settings = must(await getDestination(database.db, of.destinationId), 'there').settings;
  const resolution = await resolveTarget(deps, { token }, target, settings);
  return { resolution, target: must(await getTarget(database.db, target.id), 'there') };
}

const created = () => sandbox.journal().filter((line) => JSON.stringify(line).includes('/segment/audience/'));

test('the token comes from TikTok, opens its lists, and is given back', async () => {
  const of = await shop();
  expect((await connect(of)).answer.status).toBe(200);
  const { json } = await of.api.request('GET', of.path, { token: of.token });
  expect(json.data.connection).toMatchObject({ connected: true, missingPermissions: [] });
  expect(json.data.connection.advertiserIds).toContain(advertiser);
  const choices = await of.api.request('POST', `${of.path}/fields/selected_advertiser_id/choices`, {
    token: of.token,
    body: {},
  });
  expect(choices.json.data.choices).toContainEqual({ label: 'Sandbox Shop US', value: advertiser });
  const token = must(await accessToken(of.api.parts, of.destinationId), 'connected').reveal();
  expect(of.api.said.filter((text) => text.includes(token))).toEqual([]);
  const revoked = await of.api.request('POST', `${of.path}/oauth/revoke`, { token: of.token });
  expect(revoked.json.data.atTikTok).toBe(true);
  expect((await tiktok.userInfo({ token: new Secret(token) })).outcome.kind).toBe('unauthorized');
});

test('who declines on the consent page is told so, and a code does not serve twice', async () => {
  const of = await shop();
  sandbox.setSettings({ consent: 'deny' });
  const denied = await connect(of);
  expect(denied.answer.status).toBe(400);
  expect(denied.answer.text).toContain('declined');
  sandbox.setSettings({ consent: 'approve' });
  const { back } = await connect(of);
  const code = must(new URLSearchParams(back.split('?')[1]).get('auth_code'), 'a code');
  const again = await of.api.request('POST', `${of.path}/oauth/authorize`, { token: of.token, body: {} });
  const state = new URL(again.json.data.url).searchParams.get('state');
  const replayed = await of.api.request('GET', `/oauth/tiktok/callback?state=${state}&auth_code=${code}`);
  expect(replayed.text).toContain('TikTok gave no token');
});

test('the audience of a mapping is made once at TikTok, and found ever after', async () => {
  const of = await shop();
  await connect(of);
  const ref: TargetRef = { advertiserId: advertiser, audience: { by: 'name', name: 'first_time_shopper' } };
  const { resolution, target } = await resolve(of, ref);
  expect(resolution).toEqual({ kind: 'ready' });
  expect(sandbox.members(advertiser, target.tiktokId ?? '')).toBeDefined();
  expect((await resolve(of, ref)).target.tiktokId).toBe(target.tiktokId);
  expect(created()).toHaveLength(1);
  const byId = await resolve(of, { advertiserId: advertiser, audience: { by: 'id', id: target.tiktokId ?? '' } });
  expect(byId.target.id).toBe(target.id);
  sandbox.deleteAudience(target.tiktokId ?? '');
  expect((await resolve(of, ref)).resolution).toMatchObject({
    kind: 'blocked',
    reason: expect.stringContaining('was deleted at TikTok'),
  });
});

test('a create whose answer was lost makes one audience, which is found by its name', async () => {
  const of = await shop();
  await connect(of);
  sandbox.fault({ path: '/segment/audience/', times: 1, effect: { kind: 'applyThenReset' } });
  const ref: TargetRef = { advertiserId: advertiser, audience: { by: 'name', name: 'vip' } };
  const record = creates();
  expect((await resolve(of, ref, record)).resolution).toMatchObject({
    kind: 'failed',
    answer: { outcome: { kind: 'unknown' } },
  });
  await clock.advance(minutes(1));
  const { resolution, target } = await resolve(of, ref, record);
  expect(resolution).toEqual({ kind: 'ready' });
  expect(target.madeByUsAt).not.toBeNull();
  expect(created()).toHaveLength(1);
});
