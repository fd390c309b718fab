import { expect, test } from 'vitest';
import { changesIn } from './changes.ts';

test('of two states only what differs is shown, with both sides', () => {
  expect(changesIn({ before: { name: 'A', enabled: false }, after: { name: 'A', enabled: true } })).toEqual([
    { name: 'enabled', before: 'false', after: 'true' },
  ]);
});

test('what has no other side stands by its name', () => {
  expect(changesIn({ role: 'viewer', fields: ['name', 'enabled'] })).toEqual([
    { name: 'role', after: 'viewer' },
    { name: 'fields', after: 'name, enabled' },
  ]);
});

test('roles in spaces are words, not JSON', () => {
  const roles = [
    { role: 'editor', spaceId: 'spa_1' },
    { role: 'viewer', spaceId: null },
  ];
  expect(changesIn({ roles })).toEqual([
    { name: 'roles', after: 'role editor, spaceId spa_1; role viewer, spaceId nothing' },
  ]);
});
