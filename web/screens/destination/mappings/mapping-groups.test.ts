import { expect, test } from 'vitest';
import type { StoredMapping } from '../../../api/mappings.ts';
import { groupsOf } from './mapping-groups.ts';

const mapping = (actionSlug: string, key?: string): StoredMapping => ({
  id: `${actionSlug}-${key ?? 'all'}`,
  destinationId: 'dst_1',
  name: actionSlug,
  actionSlug,
  trigger: 'event = "Audience Entered"',
  settings: key === undefined ? {} : { personas_audience_key: key },
  enabled: true,
  createdAt: '2026-11-24T12:00:00Z',
  updatedAt: '2026-11-24T12:00:00Z',
});

test('pairs stand together by audience, adds first, those for all audiences last', () => {
  const groups = groupsOf([
    mapping('removeFromAudience'),
    mapping('removeUser', 'vip'),
    mapping('addToAudience'),
    mapping('addUser', 'vip'),
    mapping('addUser', 'buyers'),
  ]);
  expect(groups.map(({ key, mappings }) => [key, mappings.map(({ actionSlug }) => actionSlug)])).toEqual([
    ['buyers', ['addUser']],
    ['vip', ['addUser', 'removeUser']],
    [null, ['addToAudience', 'removeFromAudience']],
  ]);
});

test('an add that nothing takes back is told apart', () => {
  expect(groupsOf([mapping('addUser', 'vip')])[0]?.lone?.actionSlug).toBe('addUser');
  expect(groupsOf([mapping('addUser', 'vip'), mapping('removeUser', 'vip')])[0]?.lone).toBeUndefined();
  expect(groupsOf([mapping('addToAudience'), mapping('syncAudience')])[0]?.lone).toBeUndefined();
  expect(groupsOf([mapping('removeUser', 'vip')])[0]?.lone).toBeUndefined();
});
