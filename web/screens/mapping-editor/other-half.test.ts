import { expect, test } from 'vitest';
import type { StoredMapping } from '../../api/mappings.ts';
import { changedAlike, fieldsDiffer, otherHalf } from './other-half.ts';

const mapping = (id: string, actionSlug: string, settings: Record<string, string>): StoredMapping => ({
  id,
  destinationId: 'dst_1',
  name: id,
  actionSlug,
  trigger: 'event = "Audience Entered"',
  settings,
  enabled: true,
  createdAt: '2026-11-24T12:00:00Z',
  updatedAt: '2026-11-24T12:00:00Z',
});
const vip = { personas_audience_key: 'vip', selected_advertiser_id: '7001', email: 'a' };
const add = mapping('add', 'addUser', vip);
const remove = mapping('remove', 'removeUser', { ...vip, email: 'b' });

test('the other half is of the other action and of the same audience and ad account, as they were before the change', () => {
  const others = [mapping('x', 'removeUser', { ...vip, personas_audience_key: 'news' }), add, remove];
  expect(otherHalf(add, { settings: vip }, others)?.id).toBe('remove');
  expect(otherHalf(remove, { settings: vip }, others)?.id).toBe('add');
  expect(otherHalf(add, { settings: { ...vip, selected_advertiser_id: '7002' } }, others)).toBeUndefined();
  expect(otherHalf(mapping('s', 'syncAudience', vip), { settings: vip }, others)).toBeUndefined();
});

test('what was changed is changed there too; what differed stays different', () => {
  const after = { ...vip, selected_advertiser_id: '7002', phone: 'p' };
  expect(fieldsDiffer(vip, after)).toBe(true);
  expect(changedAlike(remove, vip, after)).toEqual({ ...after, email: 'b' });
  const { selected_advertiser_id: _, ...without } = vip;
  expect(changedAlike(remove, vip, without)).toEqual({ personas_audience_key: 'vip', email: 'b' });
  expect(fieldsDiffer(vip, { ...vip })).toBe(false);
});
