import { expect, test } from 'vitest';
import { idToText, type SourceId, type SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent } from '../../contract/segment-event.ts';
import { type ApiUnderTest, apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { manualClock } from '../kernel/clock.ts';
import type { ApiParts } from './api.ts';

const database = testDatabase(import.meta.url);
const clock = manualClock();

async function shop(change: Partial<ApiParts> = {}) {
  const api: ApiUnderTest = apiUnderTest(database.db, clock, change);
  const space = await api.space('shop');
  const token = await api.token(space, 'owner');
  const spaceId = idToText('space', space);
  const body = { spaceId, metadataId: 'actions-tiktok-audiences', name: 'TikTok' };
  const { json } = await api.request('POST', '/api/v1/destinations', { token, body });
  const path = `/api/v1/destinations/${json.data.id}/subscriptions`;
  const request = (method: string, rest: string, sent?: unknown) =>
    api.request(method, path + rest, { token, ...(sent === undefined ? {} : { body: sent }) });
  return { api, token, spaceId, request };
}

const mapping = {
  name: 'Add Users',
  actionSlug: 'addUser',
  trigger: 'event = "Audience Entered"',
  settings: { selected_advertiser_id: '7001', personas_audience_key: 'vip' },
};

const entered = {
  type: 'track',
  event: 'Audience Entered',
  userId: 'u1',
  properties: { audience_key: 'vip', vip: true },
  context: { traits: { email: 'Canary.Person@example.com' }, personas: { computation_key: 'vip' } },
};

test('a mapping starts disabled and with the defaults of its action', async () => {
  const { request } = await shop();
  const made = await request('POST', '', mapping);
  expect(made).toMatchObject({
    status: 201,
    json: {
      data: {
        enabled: false,
        settings: {
          custom_audience_name: { '@path': '$.properties.audience_key' },
          send_email: true,
          personas_audience_key: 'vip',
        },
      },
    },
  });
  const one = `/${made.json.data.id}`;
  expect((await request('PATCH', one, { enabled: true })).json.data).toMatchObject({
    enabled: true,
    name: 'Add Users',
  });
  expect((await request('GET', '')).json).toMatchObject({
    data: [{ enabled: true }],
    pagination: { total: 1, next: null },
  });
  expect((await request('DELETE', one)).status).toBe(400);
  expect((await request('DELETE', `${one}?people=keep`)).status).toBe(204);
  expect((await request('GET', one)).status).toBe(404);
});

test('what does not compile is not saved, and each problem has its place', async () => {
  const { request } = await shop();
  const trigger = await request('POST', '', { ...mapping, trigger: 'event = ' });
  expect(trigger).toMatchObject({ status: 422, json: { errors: [{ type: 'invalid', field: 'trigger' }] } });
  expect(await request('POST', '', { ...mapping, actionSlug: 'other' })).toMatchObject({
    status: 422,
    json: { errors: [{ field: 'actionSlug' }] },
  });
  const made = await request('POST', '', mapping);
  expect((await request('PATCH', `/${made.json.data.id}`, { trigger: '(((' })).status).toBe(422);
  expect((await request('GET', `/${made.json.data.id}`)).json.data.trigger).toBe(mapping.trigger);
});

test('a destination has no more mappings than allowed', async () => {
  const { request } = await shop({ mappingsMax: 1 });
  expect((await request('POST', '', mapping)).status).toBe(201);
  const second = await request('POST', '', mapping);
  expect(second.status).toBe(409);
  expect(second.json.errors[0].message).toContain('USHER_MAX_MAPPINGS');
});

test('Test Mapping shows the call it would make, with hashes and without the person', async () => {
  const { api, request } = await shop();
  const made = await request('POST', '', { ...mapping, enabled: false });
  const tested = await request('POST', '/test', { subscriptionId: made.json.data.id, event: entered });
  expect(tested).toMatchObject({
    status: 200,
    json: {
      data: {
        matched: true,
        sent: false,
        result: { kind: 'people', direction: 'add' },
        request: { advertiser_ids: ['7001'], action: 'add', id_schema: ['EMAIL_SHA256'] },
      },
    },
  });
  expect(api.said.filter((text) => text.toLowerCase().includes('canary.person'))).toEqual([]);
});

test('Test Mapping takes a mapping as it stands in the editor, and sends only when told to', async () => {
  const sent: unknown[] = [];
  const { request } = await shop({
    sendTest: async (_, { mapping: tested, event }) => {
      sent.push([tested.actionSlug, event.event, event.receivedAt]);
      return event.userId === undefined ? { sent: false, reason: 'the event names nobody' } : { sent: true };
    },
  });
  const subscription = {
    actionSlug: 'addUser',
    trigger: mapping.trigger,
    settings: { ...mapping.settings, custom_audience_name: 'vip' },
  };
  expect((await request('POST', '/test', { subscription, event: entered })).json.data.sent).toBe(false);
  expect(sent).toEqual([]);
  expect((await request('POST', '/test', { subscription, event: entered, send: true })).json.data.sent).toBe(true);
  expect(sent).toEqual([['addUser', 'Audience Entered', '2026-01-01T00:00:00.000Z']]);
  const { userId: _, ...nobody } = entered;
  expect((await request('POST', '/test', { subscription, event: nobody, send: true })).json.data).toMatchObject({
    sent: false,
    notSentBecause: 'the event names nobody',
  });
  expect((await request('POST', '/test', { event: entered })).status).toBe(400);
  expect(
    (await request('POST', '/test', { subscription: { ...subscription, trigger: '=' }, event: entered })).status,
  ).toBe(422);
});

test('Test Mapping takes a recent event by its messageId; the list of them shows no value', async () => {
  const now = new Date(clock.now()).toISOString();
  const stamps = { timestamp: now, originalTimestamp: now, receivedAt: now };
  const source = { sourceId: 3 as SourceId, sourceKind: 'server', timeUs: 0, originalUs: 0 } as const;
  let ours: ReceivedEvent[] = [];
  const { api, token, spaceId, request } = await shop({
    recent: (asked) => ours.filter((one) => one.spaceId === asked),
  });
  const space = Number(spaceId.slice(4)) as SpaceId;
  const event = { ...entered, ...stamps, type: 'track', messageId: 'm-7' } as const;
  ours = [{ ...source, spaceId: space, event }];
  const list = (of: string) => api.request('GET', `/api/v1/spaces/${of}/events/recent`, { token });
  expect((await list(spaceId)).json).toMatchObject({
    data: [
      {
        messageId: 'm-7',
        type: 'track',
        event: 'Audience Entered',
        receivedAt: now,
        sourceId: 'src_3',
        masked: { context: { traits: { email: '[string 25]' } } },
      },
    ],
    pagination: { total: 1, next: null },
  });
  const match = async (trigger: string) =>
    api.request('POST', `/api/v1/spaces/${spaceId}/events/recent/match`, { token, body: { trigger } });
  expect((await match('event = "Audience Entered"')).json.data).toEqual({ of: 1, matching: ['m-7'] });
  expect((await match('type = "identify"')).json.data).toEqual({ of: 1, matching: [] });
  expect(await match('event =')).toMatchObject({ status: 422, json: { errors: [{ field: 'trigger' }] } });
  const { id: subscriptionId } = (await request('POST', '', mapping)).json.data;
  const tested = await request('POST', '/test', { subscriptionId, messageId: 'm-7' });
  expect(tested.json.data).toMatchObject({
    matched: true,
    sent: false,
    notSentBecause: null,
    result: { kind: 'people' },
  });
  expect(await request('POST', '/test', { subscriptionId, messageId: 'm-8' })).toMatchObject({
    status: 404,
    json: { errors: [{ field: 'messageId', message: expect.stringContaining('last 200 events') }] },
  });
  expect((await request('POST', '/test', { subscriptionId, messageId: 'm-7', event: entered })).status).toBe(400);
  expect((await request('POST', '/test', { subscriptionId })).status).toBe(400);
  const other = await api.space('other');
  ours = [{ ...source, spaceId: other, event }];
  expect((await list(spaceId)).json.data).toEqual([]);
  expect((await request('POST', '/test', { subscriptionId, messageId: 'm-7' })).status).toBe(404);
  expect(api.said.filter((text) => text.toLowerCase().includes('canary.person'))).toEqual([]);
});

test('a secret write key is answered once; a public one stays to be seen', async () => {
  const { api, token, spaceId } = await shop();
  const ask = (method: string, path: string, body?: unknown) =>
    api.request(method, `/api/v1${path}`, { token, ...(body === undefined ? {} : { body }) });
  const server = (await ask('POST', `/spaces/${spaceId}/sources`, { slug: 'a', name: 'A' })).json.data;
  expect(server).toMatchObject({ kind: 'server', writeKeys: [{ key: expect.any(String) }] });
  const again = await ask('GET', `/sources/${server.id}`);
  expect(again.json.data.writeKeys[0].key).toBeNull();
  expect(again.text).not.toContain(server.writeKeys[0].key);
  const site = (await ask('POST', `/spaces/${spaceId}/sources`, { slug: 'b', name: 'B', kind: 'website' })).json.data;
  expect((await ask('GET', `/sources/${site.id}`)).json.data.writeKeys[0].key).toBe(site.writeKeys[0].key);
  expect((await ask('POST', `/spaces/${spaceId}/sources`, { slug: 'a', name: 'A' })).status).toBe(409);
  const secret = await ask('PATCH', `/sources/${server.id}`, { webhookSecret: 'canary-webhook-secret' });
  expect(secret.json.data.hasWebhookSecret).toBe(true);
  expect(secret.text).not.toContain('canary');
  const key = (await ask('POST', `/sources/${server.id}/writekey`)).json.data;
  expect((await ask('DELETE', `/sources/${server.id}/writekey/${key.id}`)).status).toBe(204);
  expect((await ask('DELETE', `/sources/${server.id}/writekey/${key.id}`)).status).toBe(404);
  expect((await ask('DELETE', `/sources/${server.id}`)).status).toBe(204);
  expect((await ask('GET', `/sources/${server.id}`)).status).toBe(404);
});
