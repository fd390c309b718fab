import { expect, test } from 'vitest';
import { idToText } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { manualClock } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';

const database = testDatabase(import.meta.url);

test('two editors of a source: who saves over a newer version is told who saved it, and one of two at once wins', async () => {
  const api = apiUnderTest(database.db, manualClock());
  const spaceId = await api.space('shop');
  const token = await api.token(spaceId, 'editor');
  const made = await api.request('POST', `/api/v1/spaces/${idToText('space', spaceId)}/sources`, {
    token,
    body: { slug: 'engage', name: 'Engage' },
  });
  const path = `/api/v1/sources/${made.json.data.id}`;
  const version = async () => must((await api.request('GET', path, { token })).headers.get('etag'), 'a version');
  const patch = (body: object, etag: string) =>
    api.request('PATCH', path, { token, body, headers: { 'if-match': etag } });
  expect(made.headers.get('etag')).toBe(await version());
  const first = await version();
  const saved = await patch({ name: 'Ana’s' }, first);
  expect(saved).toMatchObject({ status: 200, json: { data: { name: 'Ana’s' } } });
  const late = await patch({ name: 'Ben’s' }, first);
  expect(late).toMatchObject({ status: 412, json: { errors: [{ type: 'outdated' }] } });
  expect(late.json.errors[0].message).toContain('editor saved this at 20');
  expect((await api.request('GET', path, { token })).json.data.name).toBe('Ana’s');
  expect(saved.headers.get('etag')).toBe(await version());
  // A key more is no new version: nobody edits it.
  await api.request('POST', `${path}/writekey`, { token });
  expect(await version()).toBe(saved.headers.get('etag'));
  const third = await version();
  const both = await Promise.all([patch({ name: 'Cem’s' }, third), patch({ webhookSecret: 'canary' }, third)]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
});
