import { expect, test } from 'vitest';
import { stepOf, steps } from './guide-steps.ts';

test('the guide stands at the first step that nobody has done', () => {
  const nothing = { audiences: 0, destinations: 0, connected: false, reasons: [], onTikTok: false };
  const at = (more: object) => steps[stepOf({ ...nothing, ...more })];
  expect(at({})).toBe('Audience');
  expect(at({ audiences: 1 })).toBe('Destination');
  expect(at({ audiences: 1, destinations: 1, reasons: ['setup-connect'] })).toBe('Connect');
  const connected = { audiences: 1, destinations: 1, connected: true };
  expect(at({ ...connected, reasons: ['setup-mapping'] })).toBe('Mappings');
  expect(at({ ...connected, reasons: ['setup-audience'] })).toBe('Connection');
  expect(at({ ...connected, reasons: ['setup-connect', 'connected'] })).toBe('Check');
});
