/** Trigger, fields, normalising and hashing in memory, beside the same of Segment's own package on the same events. */
import type { Bench, Figure, Setting } from '../kit/bench.ts';
import type { MappingAnswer, MappingTask } from '../kit/mapping-task.ts';
import { askPeer } from '../kit/peer.ts';
import { percentile } from '../kit/statistics.ts';
import { askWorker } from '../kit/worker.ts';

export const map: Bench = {
  name: 'map',
  about: 'trigger, fields, normalising, hashing of an event with three identifiers, in memory',
  async run({ quick, runs, signal, note }: Setting): Promise<Figure[]> {
    const task: MappingTask = { runs, batches: quick ? 10 : 40, parallel: 1 };
    const ours = await askWorker<MappingTask, MappingAnswer>('mapping', task, signal);
    note('the peer');
    const peer = await askPeer(task, signal);
    if (ours.digest !== peer.digest) throw new Error('Usher and its peer came to different hashes');
    const peerUs = percentile(peer.cpuUs, 50);
    return [
      { what: 'Usher', unit: 'µs CPU/event', runs: ours.cpuUs, beside: { wallUs: percentile(ours.wallUs, 50) } },
      {
        what: "Segment's onBatch, its calls answered from memory",
        unit: 'µs CPU/event',
        runs: peer.cpuUs,
        beside: { wallUs: percentile(peer.wallUs, 50) },
      },
      { what: 'times as fast as the peer', unit: '×', runs: ours.cpuUs.map((us) => peerUs / us), goal: { atLeast: 5 } },
    ];
  },
};
