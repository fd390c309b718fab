import { expect, test } from 'vitest';
import { placeOf } from './at-account.tsx';

const vip = (value: string) => ({ label: 'vip', value });

test('E7: of several audiences with the name of the key none is taken before somebody chooses one of them', () => {
  expect(placeOf('vip', [vip('1'), vip('2')], undefined)).toMatchObject({ kind: 'several', audienceIds: ['1', '2'] });
  expect(placeOf('vip', [vip('1'), vip('2')], '3')).toMatchObject({ kind: 'several' });
  expect(placeOf('vip', [vip('1'), vip('2')], '2')).toMatchObject({ kind: 'chosen', audienceId: '2' });
});

test('the one with the name is found, upper and lower case count, and none is created later', () => {
  expect(placeOf('vip', [vip('1')], undefined)).toEqual({ kind: 'found', audienceId: '1' });
  expect(placeOf('VIP', [vip('1')], undefined)).toEqual({ kind: 'none' });
  expect(placeOf('vip', undefined, undefined)).toEqual({ kind: 'unknown' });
});
