import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hours, type ManualClock, manualClock, millis, minutes, seconds } from '../kernel/clock.ts';
import { type Random, seededRandom } from '../kernel/random.ts';
import { createBudget, type Slot } from './budget.ts';

/** No jitter: the shortest waits. */
const plain: Random = { ...seededRandom(1), fraction: () => 0 };
const unlimited = { perSecond: Number.POSITIVE_INFINITY, perMinute: Number.POSITIVE_INFINITY };
const appThrottle = { kind: 'throttled', scope: 'app', long: false } as const;

function start(limits?: { perSecond: number; perMinute: number }) {
  const clock = manualClock(0);
  const budget = createBudget({ clock, random: plain }, limits);
  const starts: { at: number; who: string }[] = [];
  const call = async (who = '', signal?: AbortSignal): Promise<Slot | undefined> => {
    const slot = await budget.take(who, signal);
    if (slot) starts.push({ at: clock.elapsed(), who });
    return slot;
  };
  return { clock, budget, starts, call };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function slotNow(clock: ManualClock, taking: Promise<Slot | undefined>): Promise<Slot> {
  await clock.advance(0);
  const slot = await Promise.race([taking, settled()]);
  if (!slot) throw new Error('no slot now');
  return slot;
}

function mostWithin(window: number, times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + window).length));
}

test('any second holds at most 9 starts, closed at both ends 10; any minute at most 500; whenever calls come', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ calls: fc.integer({ min: 1, max: 60 }), pause: fc.integer({ min: 0, max: 7_000 }) }), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.array(fc.constantFrom(1, 0.5, 0.25, 0.1), { maxLength: 12 }),
      async (bursts, shares) => {
        const { clock, budget, starts, call } = start();
        for (const [i, { calls, pause }] of bursts.entries()) {
          const share = shares[i];
          if (share !== undefined) budget.setShare(share);
          for (let n = 0; n < calls; n++) void call(`adv${n % 3}`);
          await settled();
          await clock.advance(pause);
        }
        const times = starts.map((s) => s.at);
        expect(mostWithin(1_000, times)).toBeLessThanOrEqual(9);
        expect(mostWithin(1_000.001, times)).toBeLessThanOrEqual(10);
        expect(mostWithin(60_000, times)).toBeLessThanOrEqual(500);
      },
    ),
    { numRuns: 60 },
  );
}, 30_000);

test('an endless queue is served at 8 a second, and a lower minute limit holds too', async () => {
  const eight = start();
  for (let n = 0; n < 700; n++) void eight.call();
  await settled();
  await eight.clock.advance(60_000);
  expect(eight.starts.length).toBeGreaterThanOrEqual(480);
  expect(eight.starts.length).toBeLessThanOrEqual(482);

  const hundred = start({ perSecond: 8, perMinute: 100 });
  for (let n = 0; n < 400; n++) void hundred.call();
  await settled();
  await hundred.clock.advance(180_000);
  expect(
    mostWithin(
      60_000,
      hundred.starts.map((s) => s.at),
    ),
  ).toBe(100);
  expect(hundred.starts.length).toBeGreaterThanOrEqual(300);
});

test('a minute’s calls are remembered while the share goes down and up again', async () => {
  const { clock, budget, starts, call } = start({ perSecond: 100, perMinute: 500 });
  for (let n = 0; n < 2_000; n++) void call();
  await clock.advance(4_000);
  budget.setShare(0.1);
  await clock.advance(2_000);
  budget.setShare(1);
  await clock.advance(50_000);
  expect(starts).toHaveLength(500);
});

test('a share is that part of both limits', async () => {
  const { clock, budget, starts, call } = start();
  budget.setShare(0.25);
  for (let n = 0; n < 400; n++) void call();
  await clock.advance(120_000);
  expect(starts.length).toBeGreaterThanOrEqual(240);
  expect(starts.length).toBeLessThanOrEqual(243);
});

test('lifted limits start everything at once', async () => {
  const { clock, budget, starts, call } = start();
  for (let n = 0; n < 1_000; n++) void call();
  budget.setLimits(unlimited);
  await clock.advance(0);
  await settled();
  expect(starts).toHaveLength(1_000);
});

test('one advertiser’s calls keep their order, and a quiet advertiser does not wait behind a busy one', async () => {
  const { clock, budget, starts, call } = start();
  const order: number[] = [];
  for (let n = 0; n < 20; n++) void budget.take('busy').then(() => order.push(n));
  void call('quiet');
  await clock.advance(500);
  expect(starts.map((s) => s.who)).toEqual(['quiet']);
  expect(starts[0]?.at).toBeLessThanOrEqual(250);
  await clock.advance(5_000);
  expect(order).toEqual([...Array(20).keys()]);
});

test('whoever gives up leaves the queue, and takes nobody’s place away', async () => {
  const { clock, budget, starts, call } = start();
  const gaveUp = new AbortController();
  for (let n = 0; n < 4; n++) void call('a');
  const waiting = budget.take('a', gaveUp.signal);
  void call('b');
  gaveUp.abort();
  expect(await waiting).toBeUndefined();
  expect(await budget.take('a', gaveUp.signal)).toBeUndefined();
  await clock.advance(5_000);
  expect(starts).toHaveLength(5);
  expect(clock.nextWake()).toBeUndefined();
});

test('throttled: 1 s, 2 s, 4 s, then 5 min, then hourly, until TikTok takes a call again', async () => {
  const { clock, budget } = start(unlimited);
  for (const wait of [seconds(1), seconds(2), seconds(4), minutes(5), hours(1), hours(1), hours(1)]) {
    (await slotNow(clock, budget.take('a'))).throttled(appThrottle);
    expect(budget.pausedFor()).toBe(wait);
    let started = false;
    const next = budget.take('b').then((slot) => {
      started = true;
      return slot;
    });
    await clock.advance(wait - 1);
    expect(started).toBe(false);
    await clock.advance(1);
    expect(started).toBe(true);
    await next;
    await clock.advance(1);
  }
  (await slotNow(clock, budget.take('a'))).passed();
  await clock.advance(1);
  (await slotNow(clock, budget.take('a'))).throttled(appThrottle);
  expect(budget.pausedFor()).toBe(1_000);
});

test('jitter only lengthens a wait, by up to a quarter', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const clock = manualClock(0);
      const budget = createBudget({ clock, random: seededRandom(seed) }, unlimited);
      (await slotNow(clock, budget.take())).throttled(appThrottle);
      expect(budget.pausedFor()).toBeGreaterThanOrEqual(1_000);
      expect(budget.pausedFor()).toBeLessThanOrEqual(1_250);
    }),
  );
});

test('eight calls in flight that all come back throttled are one event', async () => {
  const { clock, budget } = start(unlimited);
  const slots = await Promise.all(Array.from({ length: 8 }, () => budget.take()));
  await clock.advance(100);
  for (const slot of slots) slot?.throttled(appThrottle);
  expect(budget.pausedFor()).toBe(1_000);
  await clock.advance(1_000);
  // A straggler from before the pause says nothing about the calm after it either.
  slots[0]?.passed();
  await clock.advance(1);
  (await slotNow(clock, budget.take())).throttled(appThrottle);
  expect(budget.pausedFor()).toBe(2_000);
});

test('40133 pauses that advertiser alone', async () => {
  const { clock, budget, starts, call } = start(unlimited);
  (await slotNow(clock, budget.take('a'))).throttled({ kind: 'throttled', scope: 'advertiser', long: false });
  void call('a');
  void call('b');
  await clock.advance(999);
  expect(starts.map((s) => s.who)).toEqual(['b']);
  expect([budget.pausedFor('a'), budget.pausedFor('b'), budget.pausedFor()]).toEqual([1, 0, 0]);
  await clock.advance(1);
  expect(starts.map((s) => s.who)).toEqual(['b', 'a']);
});

test('Retry-After is honoured, within a second and a day; a long block starts at five minutes', async () => {
  for (const [retryAfter, wait] of [
    [seconds(30), seconds(30)],
    [millis(0), seconds(1)],
    [hours(1_000), hours(24)],
  ] as const) {
    const { clock, budget } = start(unlimited);
    (await slotNow(clock, budget.take())).throttled({ ...appThrottle, retryAfter });
    expect(budget.pausedFor()).toBe(wait);
  }
  const { clock, budget } = start(unlimited);
  (await slotNow(clock, budget.take())).throttled({ ...appThrottle, long: true });
  expect(budget.pausedFor()).toBe(minutes(5));
});

test('setting the same share again and again (a heartbeat) gives no extra call', async () => {
  const { clock, budget, starts, call } = start();
  for (let n = 0; n < 100; n++) void call();
  // 990 ms: within one second, half open.
  for (let n = 0; n < 99; n++) {
    budget.setShare(1);
    await clock.advance(10);
  }
  expect(starts.length).toBeLessThanOrEqual(9);
});
