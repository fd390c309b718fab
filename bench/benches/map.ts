/** Trigger, fields, normalising and hashing in memory, beside the same of Segment's own package on the same events. */
import type { Bench, Figure, Setting } from '../kit/bench.ts';
import type { MappingAnswer, MappingTask } from '../kit/mapping-task.ts';
import { askPeer } from '../kit/peer.ts';
import { percentile } from '../kit/statistics.ts';
import { askWorker } from '../kit/worker.ts';

export const map: Bench = {
  name: 'map',
  about: 'trigger, fields, normalising, hashing of an event with three identifiers, in memory',
  async run({ quick, runs, signal }: Setting): Promise<Figure[]> {
    const task: MappingTask = { runs: 1, batches: quick ? 10 : 30, parallel: 1 };
    const pairs: { ours: MappingAnswer; peer: MappingAnswer }[] = [];
    // In turn, so that both sides of a ratio saw the machine in the same minute.
    for (let run = 0; run < runs; run += 1) {
      const ours = await askWorker<MappingTask, MappingAnswer>('mapping', task, signal);
      const peer = await askPeer(task, signal);
      if (ours.digest !== peer.digest) throw new Error('Usher and its peer came to different hashes');
      pairs.push({ ours, peer });
    }
    const cpu = (side: 'ours' | 'peer'): number[] => pairs.flatMap((pair) => pair[side].cpuUs);
    const wall = (side: 'ours' | 'peer') => ({
      'µs on the clock': percentile(
        pairs.flatMap((pair) => pair[side].wallUs),
        50,
      ),
    });
    const peerUs = cpu('peer');
    const times = cpu('ours').map((us, pair) => (peerUs[pair] ?? 0) / us);
    const what = "Segment's onBatch, its calls answered from memory";
    return [
      { what: 'Usher', unit: 'µs CPU/event', runs: cpu('ours'), beside: wall('ours') },
      { what, unit: 'µs CPU/event', runs: peerUs, beside: wall('peer') },
      { what: 'times as fast as the peer', unit: '×', runs: times, goal: { atLeast: 5 } },
    ];
  },
};
