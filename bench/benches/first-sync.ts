/** Connecting a destination to an audience that has been there for long: until TikTok has acknowledged everybody. */
import { systemClock } from '../../server/kernel/clock.ts';
import type { Bench, Figure, Setting } from '../kit/bench.ts';
import { batchBodies, sendAll, untilHeld } from '../kit/load.ts';
import { enters, idsAPerson } from '../kit/people.ts';
import { cpuAnEvent, cpuSince, openStand, type Stand, type StandOptions } from '../kit/stand.ts';

/** Calls a second and rows a call that Usher allows itself by default (server/config.ts, destinations/catalog.ts). */
const defaultRows = 8 * 1_000;
const goals = { lifted: 75, timesTikTok: 1.1, memory: 700 };

export const firstSync: Bench = {
  name: 'first-sync',
  about: 'connect a destination to an audience of 1,000,000 (quick: 100,000) members, embedded engine',
  async run(setting: Setting): Promise<Figure[]> {
    const members = setting.quick ? 100_000 : 1_000_000;
    const share = members / 1_000_000;
    const lifted = await measure(setting, 'lifted', members);
    const limited = await measure(setting, 'default', members);
    const bound = members / defaultRows;
    return [
      { ...lifted.figure, what: 'TikTok’s limits lifted', goal: { atMost: goals.lifted * share } },
      { ...limited.figure, what: 'default limits' },
      {
        what: 'default limits, beside 8 calls/s of 1,000 rows',
        unit: '×',
        runs: limited.figure.runs.map((s) => s / bound),
        goal: { atMost: goals.timesTikTok },
      },
      {
        what: 'memory of the server, at most',
        unit: 'MB',
        runs: [lifted.memory, limited.memory],
        goal: { atMost: goals.memory },
      },
    ];
  },
};

async function measure(
  { signal, note }: Setting,
  limits: StandOptions['limits'],
  members: number,
): Promise<{ figure: Omit<Figure, 'what'>; memory: number }> {
  const stand = await openStand({ engine: 'embedded', limits, signal });
  try {
    await stand.remove(`${connectionsOf(stand)}/${stand.prepared.destinationId}?people=remove`);
    await fill(stand, members);
    note(`${limits}: ${members} members are there`);
    stand.forgetMemory();
    const cpu = stand.cpu();
    const began = systemClock.elapsed();
    const { destinationId } = stand.prepared;
    await stand.rest.post(connectionsOf(stand), { destinationId, sendTrack: true, sendIdentify: false });
    await untilHeld(stand, members * idsAPerson);
    const seconds = (systemClock.elapsed() - began) / 1_000;
    note(`${limits}: everybody is at TikTok after ${seconds.toFixed(1)} s`);
    const figure = { unit: 's', runs: [seconds], beside: cpuAnEvent([cpuSince(stand, cpu)], members) };
    return { figure, memory: stand.memory().most };
  } finally {
    await stand.close();
  }
}

const connectionsOf = ({ prepared }: Stand): string =>
  `/spaces/${prepared.spaceId}/audiences/${prepared.audienceId}/destination-connections`;

/** In parts, so that the bodies of a million events need not lie in memory at once. */
async function fill(stand: Stand, members: number): Promise<void> {
  const part = 50_000;
  for (let from = 0; from < members; from += part)
    await sendAll(stand, batchBodies(enters(stand.prepared.audienceKey, from, part), 500), 4);
}
