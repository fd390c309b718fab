/** What a run ran on: a figure without it says little. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  /** Of the last minute when the run began: above the number of cores, somebody else was at work too. */
  readonly load: number;
  readonly node: string;
  readonly pglite: string;
  readonly postgres: string;
  readonly peer: string;
  readonly usher: string;
}

export function describeMachine(): Machine {
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    system: `${os.type()} ${os.release()}`,
    load: os.loadavg()[0] ?? 0,
    node: process.version,
    pglite: dependency('../../package.json', '@electric-sql/pglite'),
    postgres: postgresVersion(),
    peer: `@segment/action-destinations ${dependency('../peer/package.json', '@segment/action-destinations')}`,
    usher: revision(),
  };
}

function dependency(manifest: string, name: string): string {
  const { dependencies } = JSON.parse(readFileSync(new URL(manifest, import.meta.url), 'utf8'));
  return String(dependencies[name]);
}

function postgresVersion(): string {
  const finder = fileURLToPath(new URL('../../tools/with-postgres.sh', import.meta.url));
  return told(() => {
    const bin = execFileSync(finder, ['--find'], { encoding: 'utf8' }).trim();
    return execFileSync(`${bin}/postgres`, ['--version'], { encoding: 'utf8' });
  });
}

const revision = (): string =>
  told(() => execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }));

function told(ask: () => string): string {
  try {
    return ask().trim();
  } catch {
    return 'unknown';
  }
}
