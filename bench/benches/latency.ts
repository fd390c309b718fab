/** From "acknowledged" to TikTok's door, at a steady load with TikTok's own limits. */
import { createHash } from 'node:crypto';
import { systemClock } from '../../server/kernel/clock.ts';
import type { Bench, Figure, Setting } from '../kit/bench.ts';
import { bodyOf, sendSteadily, untilHeld } from '../kit/load.ts';
import { enters, idsAPerson, plainEmail } from '../kit/people.ts';
import { type Engine, openStand, type Stand } from '../kit/stand.ts';
import { percentile } from '../kit/statistics.ts';

/** Small requests, as clients that flush often send them. */
const eventsARequest = 10;
const rates = [100, 500, 1_000];
/** design.md 6; the 99th percentile has no goal. */
const goalRate = 500;
const goals: Readonly<Record<number, number>> = { 50: 500, 95: 1_500 };

export const latency: Bench = {
  name: 'latency',
  about: 'event acknowledged → its hashes arrive at the sandbox, at a steady pace, with TikTok’s default limits',
  async run({ quick, signal, note }: Setting): Promise<Figure[]> {
    const figures: Figure[] = [];
    for (const engine of quick ? (['embedded'] as const) : (['pg', 'embedded'] as const)) {
      const stand = await openStand({ engine, limits: 'default', signal });
      try {
        let from = 0;
        for (const rate of rates) {
          const events = rate * (quick ? 5 : 20);
          const delays = await measureRate(stand, { rate, from, events });
          from += events;
          note(`${engine}, ${rate} events/s: p50 ${percentile(delays, 50)} ms`);
          figures.push(...figuresOf({ engine, rate }, delays));
        }
      } finally {
        await stand.close();
      }
    }
    return figures;
  },
};

async function measureRate(stand: Stand, load: { rate: number; from: number; events: number }): Promise<number[]> {
  const { rate, from, events } = load;
  const key = stand.prepared.audienceKey;
  const acknowledged = await sendSteadily(stand, {
    count: events / eventsARequest,
    everyMs: (1_000 * eventsARequest) / rate,
    bodyOf: (position) => bodyOf(enters(key, from + position * eventsARequest, eventsARequest)),
  });
  await untilHeld(stand, (from + events) * idsAPerson);
  const arrived = await stand.doors.arrivals();
  return Array.from({ length: events }, (_, i) => {
    const hash = createHash('sha256')
      .update(plainEmail(from + i))
      .digest('hex');
    // Of two clocks' milliseconds, on one machine: what is told while its answer is still on the way has waited for nothing.
    return Math.max(0, (arrived.get(hash) ?? systemClock.now()) - (acknowledged[Math.floor(i / eventsARequest)] ?? 0));
  });
}

function figuresOf({ engine, rate }: { engine: Engine; rate: number }, delays: readonly number[]): Figure[] {
  return [50, 95, 99].map((percent) => {
    const goal = rate === goalRate ? goals[percent] : undefined;
    return {
      what: `${engine}, ${rate} events/s, p${percent}`,
      unit: 'ms',
      runs: [percentile(delays, percent)],
      point: { plot: 'latency', line: `${engine}, p${percent}`, x: rate },
      ...(goal === undefined ? {} : { goal: { atMost: goal } }),
    };
  });
}
