import { expect, test } from 'vitest';
import { audienceKeyPattern, changesEvents, keyOfName } from './manage.ts';

test('the key of a name is Segment’s snake case, and always a key that may be given', () => {
  expect(keyOfName('Order Completed Last 30 Days')).toBe('order_completed_last_30_days');
  expect(keyOfName('  Crème brûlée -- 50% off! ')).toBe('creme_brulee_50_off');
  expect(keyOfName('顧客')).toBe('');
  expect(keyOfName('x'.repeat(300))).toMatch(audienceKeyPattern);
});

test('a connection’s events change with what is sent, not with the order of its settings or while it is off', () => {
  const before = {
    enabled: true,
    sendTrack: true,
    sendIdentify: false,
    enteredEvent: 'Audience Entered',
    exitedEvent: 'Audience Exited',
    settings: { advertiserId: '1', audienceId: '2' },
  };
  expect(changesEvents(before, { ...before, settings: { audienceId: '2', advertiserId: '1' } })).toBe(false);
  expect(changesEvents(before, { ...before, settings: { advertiserId: '1' } })).toBe(true);
  expect(changesEvents(before, { ...before, enabled: false, sendIdentify: true })).toBe(false);
  expect(changesEvents({ ...before, enabled: false }, before)).toBe(true);
});
