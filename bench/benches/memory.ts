/** A soak: whether memory rises while the same people come and go. */
import { systemClock } from '../../server/kernel/clock.ts';
import type { Bench, Figure, Setting } from '../kit/bench.ts';
import { bodyOf, sendSteadily } from '../kit/load.ts';
import { engageEvent } from '../kit/people.ts';
import { openStand, type Stand } from '../kit/stand.ts';
import { slope } from '../kit/statistics.ts';

const eventsARequest = 50;
const eventsASecond = 500;
/** Each of them enters, and leaves when all others have entered. */
const people = 20_000;

export const memory: Bench = {
  name: 'memory',
  about: '500 events/s of 20,000 people who come and go, five minutes (quick: 20 s), embedded engine',
  async run({ quick, signal }: Setting): Promise<Figure[]> {
    const stand = await openStand({ engine: 'embedded', limits: 'default', signal });
    try {
      const seconds = quick ? 20 : 300;
      stand.forgetMemory();
      const points = await sampled(stand, soak(stand, seconds));
      // The first half fills caches and lets the heap find its size.
      const second = points.slice(Math.floor(points.length / 2));
      return [
        { what: 'memory of the server, at most', unit: 'MB', runs: [stand.memory().most] },
        { what: 'rise in the second half', unit: 'MB/min', runs: [slope(second) * 60] },
      ];
    } finally {
      await stand.close();
    }
  },
};

async function soak(stand: Stand, seconds: number): Promise<void> {
  const key = stand.prepared.audienceKey;
  await sendSteadily(stand, {
    count: (seconds * eventsASecond) / eventsARequest,
    everyMs: (1_000 * eventsARequest) / eventsASecond,
    bodyOf: (position) => {
      const first = position * eventsARequest;
      const atMs = systemClock.now();
      return bodyOf(
        Array.from({ length: eventsARequest }, (_, i) => {
          const entered = Math.floor((first + i) / people) % 2 === 0;
          return engageEvent((first + i) % people, { key, entered, atMs });
        }),
      );
    },
  });
}

/** Seconds and megabytes, once a second while the work goes on. */
async function sampled(stand: Stand, work: Promise<void>): Promise<{ x: number; y: number }[]> {
  const points: { x: number; y: number }[] = [];
  const done = new AbortController();
  const working = work.finally(() => done.abort());
  for (let x = 0; !done.signal.aborted; x += 1) {
    points.push({ x, y: stand.memory().now });
    await systemClock.sleep(1_000, done.signal);
  }
  await working;
  return points;
}
