import fs from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

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
    // A statement that is kept (statement-names.ts) is still planned for the values it is asked with.
    ...['-c', 'plan_cache_mode=force_custom_plan'],
    // How much log a checkpoint keeps for later use; its default is 1 GB of the operator's disk.
    ...['-c', 'max_wal_size=128MB'],
  ];
  return await PGlite.create({ fs: new SyncedFiles(dataDir, fsync), startParams });
}

type FileSystemOptions = Parameters<NodeFS['init']>[1];
type FileSystemModule = Parameters<NonNullable<FileSystemOptions['preRun']>[number]>[0];

/** The folder on the host, with fsync, from before the engine starts: recovery after a crash must sync what it repairs. */
class SyncedFiles extends NodeFS {
  readonly #fsync: (descriptor: number) => void;

  constructor(dataDir: string, fsync: (descriptor: number) => void) {
    super(dataDir);
    this.#fsync = fsync;
  }

  override async init(engine: PGlite, options: FileSystemOptions): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(engine, options);
    const preRun = [...(emscriptenOpts.preRun ?? []), (module: FileSystemModule) => giveFsync(module, this.#fsync)];
    return { emscriptenOpts: { ...emscriptenOpts, preRun } };
  }
}

interface StreamOperations {
  fsync?: (stream: { nfd: number }) => number;
}

/** One table of operations serves every file and folder of the data directory, so one place is enough. */
function giveFsync({ FS }: FileSystemModule, fsync: (descriptor: number) => void): void {
  const operations: StreamOperations = FS.lookupPath('/pglite/data').node.stream_ops as object;
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
