import fs from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { createDatabase } from './create-database.ts';
import { openDurable } from './durable.ts';
import { serveEngine } from './engine-protocol.ts';

/** The thread of the embedded engine: makes the database and ends, or serves it. */
export interface WorkerOrder {
  readonly task: 'create' | 'serve';
  readonly folder: string;
  /** Counts the calls of fsync, for tests and metrics. */
  readonly fsyncs: SharedArrayBuffer;
}

if (parentPort === null) throw new Error('embedded-worker.ts runs in a worker thread');
const order = workerData as WorkerOrder;
if (order.task === 'create') await createDatabase(order.folder);
else serveEngine(parentPort, await openDurable(order.folder, countingFsync(new Int32Array(order.fsyncs))));

function countingFsync(counter: Int32Array): (descriptor: number) => void {
  return (descriptor) => {
    fs.fsyncSync(descriptor);
    Atomics.add(counter, 0, 1);
  };
}
