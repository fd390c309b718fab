import fs from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { openDurable } from '../../server/db/durable.ts';
import type { WorkerOrder } from '../../server/db/embedded-worker.ts';
import { serveEngine } from '../../server/db/engine-protocol.ts';
import { must } from '../../server/kernel/result.ts';

/** The thread of the embedded engine on a disk whose fsync fails while `failing` is 1. */
export interface FailingDisk extends WorkerOrder {
  readonly failing: SharedArrayBuffer;
}

const order = workerData as FailingDisk;
const failing = new Int32Array(order.failing);
const engine = await openDurable(order.folder, (descriptor) => {
  if (Atomics.load(failing, 0) === 1) throw new Error('EIO: the disk is failing');
  fs.fsyncSync(descriptor);
});
serveEngine(must(parentPort, 'runs in a worker thread'), engine);
