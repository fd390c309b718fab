/** How fast events get from HTTP to the sandbox, and what that costs. */
import { systemClock } from '../../server/kernel/clock.ts';
import { batchBodies, sendAll, untilHeld } from './load.ts';
import { enters, idsAPerson } from './people.ts';
import { type Cpu, cpuSince, type Stand } from './stand.ts';

export interface Throughput {
  /** Events a second, from the first request to the acknowledgement of the last hash. */
  readonly rate: number;
  readonly cpu: Cpu;
}

export interface Crowd {
  /** The number of the first person; everybody before has been sent already. */
  readonly from: number;
  readonly people: number;
  readonly eventsARequest: number;
  readonly connections: number;
}

/** Sends so many new people and waits until the sandbox has everybody. */
export async function measureThroughput(stand: Stand, crowd: Crowd): Promise<Throughput> {
  const { from, people, eventsARequest, connections } = crowd;
  const bodies = batchBodies(enters(stand.prepared.audienceKey, from, people), eventsARequest);
  const cpu = stand.cpu();
  const began = systemClock.elapsed();
  await sendAll(stand, bodies, connections);
  await untilHeld(stand, (from + people) * idsAPerson);
  return { rate: (people * 1_000) / (systemClock.elapsed() - began), cpu: cpuSince(stand, cpu) };
}
