import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldMember, type MemberEvent, mergeMembers, newMember, recordsMax } from './member.ts';

const eventOf = (entered: boolean, time: number, set = 'a', arrival = time): MemberEvent => {
  const stamp = { timeUs: time, originalUs: time, arrival };
  return { entered, stamp, record: { set, stamp } };
};
const fold = (...events: MemberEvent[]) => events.reduce(foldMember, newMember);

test('an enter makes a member with a record, an exit ends both', () => {
  const inside = fold(eventOf(true, 10));
  expect(inside).toMatchObject({ present: true, records: [{ set: 'a' }] });
  expect(foldMember(inside, eventOf(false, 20))).toMatchObject({ present: false, records: [] });
});

test('I2: an enter older than the exit changes nothing and is counted', () => {
  expect(fold(eventOf(false, 30), eventOf(true, 20))).toMatchObject({ present: false, records: [], late: 1 });
});

test('I2: an exit older than the enter leaves the member in and is counted', () => {
  expect(fold(eventOf(true, 30), eventOf(false, 20))).toMatchObject({
    present: true,
    records: [{ set: 'a' }],
    late: 1,
  });
});

test('an exit that arrives late still ends the older enters', () => {
  const member = fold(eventOf(true, 10, 'old e-mail'), eventOf(true, 30, 'new e-mail'), eventOf(false, 20));
  expect(member.records.map((r) => r.set)).toEqual(['new e-mail']);
});

test('events clamped to one instant keep their order by original time, then by arrival', () => {
  const at = (entered: boolean, originalUs: number, arrival: number): MemberEvent => {
    const stamp = { timeUs: 5, originalUs, arrival };
    return { entered, stamp, record: { set: 'a', stamp } };
  };
  expect(fold(at(false, 9, 1), at(true, 8, 2)).present).toBe(false);
  expect(fold(at(false, 8, 1), at(true, 8, 2)).present).toBe(true);
});

test('a member keeps at most 32 records and counts the rest', () => {
  const events = Array.from({ length: recordsMax + 3 }, (_, i) => eventOf(true, i + 1, `set ${i}`));
  const member = fold(...events);
  expect(member.records).toHaveLength(recordsMax);
  expect(member.recordsLost).toBe(3);
});

const events = fc.uniqueArray(
  fc.record({ entered: fc.boolean(), time: fc.integer({ min: 1, max: 50 }), set: fc.constantFrom('a', 'b', 'c') }),
  { selector: (e) => e.time, maxLength: 12 },
);

test('I2: the same events give the same member in whatever order they arrive, and however often', () => {
  fc.assert(
    fc.property(events, fc.infiniteStream(fc.nat()), (list, chance) => {
      const inOrder = fold(
        ...list.map((e) => eventOf(e.entered, e.time, e.set)).sort((a, b) => a.stamp.timeUs - b.stamp.timeUs),
      );
      const shuffled = [...list, ...list.slice(0, 4)]
        .map((e) => ({ e, at: chance.next().value ?? 0 }))
        .sort((a, b) => a.at - b.at)
        .map(({ e }) => eventOf(e.entered, e.time, e.set));
      const anyOrder = fold(...shuffled);
      const bySet = (m: typeof inOrder) => Object.fromEntries(m.records.map((r) => [r.set, r.stamp.timeUs]));
      expect(anyOrder.present).toBe(inOrder.present);
      expect(bySet(anyOrder)).toEqual(bySet(inOrder));
    }),
  );
});

test('rule 13: merging two people cuts nothing: present wins, the later time wins', () => {
  const a = fold(eventOf(true, 10, 'a'), eventOf(false, 20));
  const b = fold(eventOf(true, 25, 'b'));
  const merged = mergeMembers(a, b);
  expect(merged).toMatchObject({ present: true, exited: { timeUs: 20 }, entered: { timeUs: 25 } });
  expect(merged.records.map((r) => r.set)).toEqual(['b']);
  const gone = fold(eventOf(true, 11, 'c'), eventOf(false, 30));
  expect(mergeMembers(a, gone)).toMatchObject({ present: false, exited: { timeUs: 30 }, records: [] });
});

test('rule 13: after a merge the exit of the one who was in still takes the person out, though the other one left later', () => {
  const inside = fold(eventOf(true, 10, 'a'));
  const left = fold(eventOf(true, 5, 'b'), eventOf(false, 20, 'b'));
  const merged = mergeMembers(inside, left);
  expect(merged).toMatchObject({ present: true, exited: null });
  expect(foldMember(merged, eventOf(false, 15, 'a'))).toMatchObject({ present: false, records: [] });
});

test('rule 2: track and identify of one change are one record, whichever comes first', () => {
  const stamp = (arrival: number) => ({ timeUs: 10, originalUs: 10, arrival });
  const track: MemberEvent = {
    entered: true,
    stamp: stamp(1),
    record: { set: 'a', stamp: stamp(1), properties: { plan: 'pro' }, context: { traits: { email: 'a@example.com' } } },
  };
  const identify: MemberEvent = {
    entered: true,
    stamp: stamp(2),
    record: { set: 'a', stamp: stamp(2), traits: { city: 'Ulm' }, context: { traits: { city: 'Ulm' }, locale: 'de' } },
  };
  for (const order of [
    [track, identify],
    [identify, track],
    [track, identify, track],
  ]) {
    const member = fold(...order);
    expect(member.records).toEqual([
      {
        set: 'a',
        stamp: stamp(2),
        properties: { plan: 'pro' },
        traits: { city: 'Ulm' },
        context: { traits: { email: 'a@example.com', city: 'Ulm' }, locale: 'de' },
      },
    ]);
    expect(member.late).toBe(0);
  }
});
