import type { Environment } from '../../server/config.ts';

/** A change of a source file as a process under test loads it; `find` must stand there exactly once. */
export interface Patch {
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** The environment for a process that loads its sources with these changes. */
export function patchedEnvironment(patches: readonly Patch[]): Environment {
  const hook = new URL('patched-sources.mjs', import.meta.url).href;
  return { NODE_OPTIONS: `--import ${hook}`, USHER_TEST_PATCHES: JSON.stringify(patches) };
}

/** A disk below the embedded engine that fails and forgets as a test says (faulty-disk.mjs). */
export const faultyDisk: readonly Patch[] = [
  {
    file: 'server/db/embedded-worker.ts',
    find: "import fs from 'node:fs';",
    replace: "import '../../test/support/faulty-disk.mjs';\nimport fs from 'node:fs';",
  },
];

/** Dies at a crash point of kernel/crash-point.ts when the file in USHER_TEST_CRASH says so (planned-crash.mjs). */
export const plannedCrash: readonly Patch[] = [
  {
    file: 'server/kernel/crash-point.ts',
    find: 'export const noCrash: ReachCrashPoint = () => {};',
    replace: "export { crashAsPlanned as noCrash } from '../../test/support/planned-crash.mjs';",
  },
];

/** Mistakes that the kill rounds must find. */
export const mutants = {
  /** 200 before the commit. */
  'ack-order': [
    {
      file: 'server/ingest/take-events.ts',
      find: 'const settled = await parts.batches.submit(submissionOf(parts, found, delivery));',
      replace: `void parts.batches.submit(submissionOf(parts, found, delivery));
    const settled: string = 'committed';`,
    },
  ],
  /** A commit is answered without being on the disk. */
  fsync: [{ file: 'server/db/durable.ts', find: 'fsync(stream.nfd);', replace: '' }],
} as const satisfies Record<string, readonly Patch[]>;

export type Mutant = keyof typeof mutants;
