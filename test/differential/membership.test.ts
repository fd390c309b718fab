import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import { membershipOf } from '../../server/mappings/membership.ts';
import { core, seed } from './segment.ts';

const value = fc.constantFrom<unknown>(true, false, 'true', 'false', 'yes', 1, 0, null, {});
const holder = fc.dictionary(fc.constantFrom('vip', 'other'), value);
const personas = fc.record(
  {
    computation_class: fc.constantFrom('audience', 'journey_step', 'trait', ''),
    computation_key: fc.constantFrom('vip', '', 'missing'),
  },
  { requiredKeys: [] },
);
const event = fc.record(
  {
    type: fc.constantFrom('track', 'identify', 'page'),
    properties: holder,
    traits: holder,
    context: fc.record({ personas }, { requiredKeys: [] }),
  },
  { requiredKeys: ['type'] },
);

test('membership is read as Segment reads it, and besides from the texts "true" and "false" (7.8, defect 24)', () => {
  fc.assert(
    fc.property(event, (data) => {
      const theirs = core.resolveAudienceMembership(data);
      const ours = membershipOf(data as unknown as SegmentEvent);
      if (theirs !== undefined) expect(ours).toBe(theirs);
      else if (ours !== undefined) {
        const key = data.context?.personas?.computation_key ?? '';
        const found = data.type === 'track' ? data.properties?.[key] : data.traits?.[key];
        expect(found).toBe(String(ours));
      }
    }),
    { seed, numRuns: 2000 },
  );
});
