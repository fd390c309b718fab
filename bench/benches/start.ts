/** From the start of the process to the first 200 of /readyz, with data that is there. */
import { stopPart } from '../../cli/demo/processes.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { must } from '../../server/kernel/result.ts';
import type { Bench, Figure, Setting } from '../kit/bench.ts';
import { cpuOf } from '../kit/cpu.ts';
import { batchBodies, sendAll, untilHeld } from '../kit/load.ts';
import { enters, idsAPerson } from '../kit/people.ts';
import { openStand } from '../kit/stand.ts';
import { percentile } from '../kit/statistics.ts';

const goalS = 2;

export const start: Bench = {
  name: 'start',
  about: 'process started → /readyz answers 200 (asked every 100 ms), embedded engine with 20,000 members',
  async run({ runs, signal }: Setting): Promise<Figure[]> {
    const people = 20_000;
    const stand = await openStand({ engine: 'embedded', limits: 'lifted', signal });
    try {
      await sendAll(stand, batchBodies(enters(stand.prepared.audienceKey, 0, people), 500), 4);
      await untilHeld(stand, people * idsAPerson);
      const [stopped, killed]: [number[], number[]] = [[], []];
      const cpu: number[] = [];
      let server = stand.server;
      for (let run = 0; run < 2 * runs; run += 1) {
        const kill = run % 2 === 1;
        if (kill) server.child.kill('SIGKILL');
        else await stopPart(server, systemClock);
        await server.ended;
        const began = systemClock.elapsed();
        server = await stand.stage.startServer();
        (kill ? killed : stopped).push((systemClock.elapsed() - began) / 1_000);
        if (!kill) cpu.push(cpuOf(must(server.child.pid, 'a process that runs')) / 1_000_000);
      }
      return [
        {
          what: 'after a stop',
          unit: 's',
          runs: stopped,
          goal: { atMost: goalS },
          beside: { 's CPU of all threads': percentile(cpu, 50) },
        },
        { what: 'after SIGKILL', unit: 's', runs: killed },
      ];
    } finally {
      await stand.close();
    }
  },
};
