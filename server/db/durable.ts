import fs from 'node:fs';
import { PGlite } from '@electric-sql/pglite';

/** Errno of EIO in the engine's C library: PostgreSQL then answers 58030 and the commit is refused. */
const ioError = 29;

/**
 * Opens the embedded engine so that a commit is on the disk before it is answered. Out of the box it is not: the engine
 * starts with `-F` (no fsync), and its file system has no fsync at all (design.md 4.2; reliability.md F1).
 * @param fsync syncs one open file; tests count the calls or let it fail
 */
export async function openDurable(
  dataDir: string,
  fsync: (descriptor: number) => void = fs.fsyncSync,
): Promise<PGlite> {
  const startParams = [
    ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
    ...['-c', 'wal_sync_method=fsync'],
    // How much log a checkpoint keeps for later use; its default is 1 GB of the operator's disk.
    ...['-c', 'max_wal_size=128MB'],
  ];
  const engine = await PGlite.create({ dataDir, startParams });
  giveFsync(engine, fsync);
  return engine;
}

interface StreamOperations {
  fsync?: (stream: { nfd: number }) => number;
}

/** One table of operations serves every file and folder of the data directory, so one place is enough. */
function giveFsync(engine: PGlite, fsync: (descriptor: number) => void): void {
  const { FS } = engine.Module;
  const operations: StreamOperations = FS.lookupPath('/pglite/data/PG_VERSION').node.stream_ops as object;
  operations.fsync = (stream) => {
    try {
      fsync(stream.nfd);
    } catch {
      // Any other error would be swallowed and the failed commit reported as done.
      throw new FS.ErrnoError(ioError);
    }
    return 0;
  };
}
