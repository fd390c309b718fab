import { expect, test } from 'vitest';
import type { MappingId } from '../../contract/ids.ts';
import { checkSettings, withDefaults } from '../destinations/destinations.ts';
import { compileMapping } from './mappings.ts';

const vip = { key: 'vip', settings: { advertiserId: '7001' } };
const byId = { key: 'vip', settings: { advertiserId: '7001', audienceId: '900' } };
const audience = (name: string | null, id: string | null = null, advertiserId = '7001') => ({ advertiserId, name, id });

function mapping(actionSlug: string, settings: Record<string, unknown>) {
  const checked = checkSettings('actions-tiktok-audiences', {});
  if (!checked.ok) throw new Error('defaults');
  const definition = { id: 1 as MappingId, name: 'm', actionSlug, trigger: 'type = "track"', enabled: true };
  const made = compileMapping({ ...definition, settings: withDefaults(actionSlug, settings) }, checked.value);
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  return made.value;
}

test('a mapping with a typed key names the audience of that key, while it is connected', () => {
  const keyed = mapping('addUser', { selected_advertiser_id: '7001', personas_audience_key: 'vip' });
  expect(keyed.mayName([vip], audience('vip'))).toBe(true);
  expect(keyed.mayName([], audience('vip'))).toBe(false);
  expect(keyed.mayName([{ ...vip, key: 'other' }], audience('other'))).toBe(false);
  expect(keyed.mayName([vip], audience('vip', null, '7002'))).toBe(false);
});

test('a mapping for all audiences names what the connections say, an id before a name', () => {
  const native = mapping('addToAudience', {});
  expect(native.mayName([vip], audience('vip'))).toBe(true);
  expect(native.mayName([byId], audience('vip'))).toBe(false);
  expect(native.mayName([byId], audience(null, '900'))).toBe(true);
  expect(native.mayName([], audience('vip'))).toBe(false);
});

test('what is typed into a mapping is named with or without a connection, for direct events', () => {
  const settings = { advertiser_id: '7001', external_audience_id: '', custom_audience_name: 'all buyers' };
  const direct = mapping('addToAudience', settings);
  expect(direct.mayName([], audience('all buyers'))).toBe(true);
  expect(direct.mayName([vip], audience('vip'))).toBe(false);
});

test('a name that comes from anywhere else in an event may be any', () => {
  const loose = mapping('addToAudience', { advertiser_id: '7001', custom_audience_name: { '@path': '$.traits.tier' } });
  expect(loose.mayName([], audience('gold'))).toBe(true);
  expect(loose.mayName([], audience('gold', null, '7002'))).toBe(false);
});
