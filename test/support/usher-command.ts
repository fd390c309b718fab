import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { childEnvironment, type Environment } from '../../server/config.ts';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  /** Lines on stderr that are no lines of the log, which are JSON. */
  readonly said: readonly string[];
  /** Everything on stderr, in lines. */
  readonly lines: readonly string[];
}

const program = fileURLToPath(new URL('../../cli/usher.mjs', import.meta.url));

/** Runs the real program to its end, with these settings and none of the tester's own. */
export async function runUsher(args: readonly string[], env: Environment): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], {
    env: childEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const lines = err.split('\n').filter((line) => line !== '');
  return { code: await code, out, lines, said: lines.filter((line) => !isJson(line)) };
}

function isJson(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}
