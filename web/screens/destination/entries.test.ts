import { expect, test } from 'vitest';
import { changesFrom, entriesOf, realChanges, toChange } from './entries.ts';

const destination = {
  id: 'dst_1',
  spaceId: 'spa_1',
  sourceId: null,
  metadataId: 'actions-tiktok-audiences',
  name: 'TikTok Audiences',
  enabled: false,
  settings: { emailProfile: 'both', phoneDefaultRegion: null, batchRows: 500 },
  connection: { connected: false, connectedAt: null, advertiserIds: [], missingPermissions: [] },
  paused: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};

test('what was typed survives the way to TikTok, and nothing else gets in by the address', () => {
  const typed = { name: 'TikTok Shop', emailProfile: 'plain' } as const;
  expect(changesFrom(JSON.stringify(typed))).toEqual(typed);
  expect(changesFrom('{"name":7,"batchRows":"many","access_token":"x"}')).toEqual({});
  expect(changesFrom('not JSON')).toEqual({});
});

test('only what differs is saved, so that a change of somebody else stays', () => {
  const saved = entriesOf(destination);
  const changes = realChanges(saved, { name: 'TikTok Audiences', emailProfile: 'plain', enabled: true });
  expect(toChange(changes)).toEqual({ enabled: true, settings: { emailProfile: 'plain' } });
});
