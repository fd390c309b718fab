import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { childEnvironment, type Environment } from '../../server/config.ts';
import type { Clock } from '../../server/kernel/clock.ts';
import { DemoError, type Http } from './http.ts';

const usher = fileURLToPath(new URL('../usher.mjs', import.meta.url));

/** A process of the demonstration: Usher's own program with one of its commands. */
export interface Part {
  readonly name: string;
  readonly child: ChildProcess;
  /** Resolves with the exit code, or null after a signal. */
  readonly ended: Promise<number | null>;
  /** The last line it wrote on stderr, for the message when it ends too early. */
  lastLine(): string;
}

/** Starts `usher <args>`. Its stderr goes to `logFile`, its stdout is read by the caller or ignored. */
export function startPart(args: readonly [string, ...string[]], env: Environment, logFile: string): Part {
  const child = spawn(process.execPath, [usher, ...args], {
    env: childEnvironment(env),
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C reaches only the demo, which then stops its parts in order.
    detached: true,
  });
  const log = createWriteStream(logFile, { flags: 'a' });
  let last = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log.write(chunk);
    last =
      chunk
        .toString()
        .trimEnd()
        .split('\n')
        .at(-1)
        ?.replace(/^usher: /, '') ?? last;
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code));
  });
  // A pipe that nobody reads fills up and stops the writer.
  if (args[0] !== 'demo-client') child.stdout?.resume();
  return { name: args[0], child, ended, lastLine: () => last };
}

/** A polite stop, and after ten seconds the other one. */
export async function stopPart(part: Part, clock: Clock): Promise<void> {
  if (part.child.exitCode !== null || part.child.signalCode !== null) return;
  part.child.kill('SIGTERM');
  const waited = new AbortController();
  const late = clock.sleep(10_000, waited.signal).then(() => {
    if (!waited.signal.aborted) part.child.kill('SIGKILL');
  });
  await part.ended;
  waited.abort();
  await late;
}

/** The first start of the embedded database takes some seconds, many more on a busy machine. */
const readyWithinMs = 120_000;

/** Waits until `url` answers 200; an early end of the process is told with its last words. */
export async function waitUntilReady(
  parts: { http: Http; clock: Clock; signal: AbortSignal },
  part: Part,
  url: string,
): Promise<void> {
  let ended = false;
  void part.ended.then(() => {
    ended = true;
  });
  const until = parts.clock.elapsed() + readyWithinMs;
  while (!parts.signal.aborted) {
    if (ended) throw new DemoError(`usher ${part.name} ended at once: ${part.lastLine()}`);
    if (parts.clock.elapsed() > until) throw new DemoError(`usher ${part.name} did not get ready: ${part.lastLine()}`);
    if (await answersWell(parts.http, url)) return;
    await parts.clock.sleep(100, parts.signal);
  }
}

async function answersWell(http: Http, url: string): Promise<boolean> {
  try {
    return (await http({ url })).status === 200;
  } catch {
    return false; // not listening yet
  }
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const listeners = await Promise.all(Array.from({ length: count }, listenAnywhere));
  const ports = listeners.map((listener) => listener.port);
  await Promise.all(listeners.map((listener) => listener.close()));
  return ports;
}

function listenAnywhere(): Promise<{ port: number; close: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new DemoError('no free port'));
      resolve({ port: address.port, close: () => new Promise((closed) => server.close(() => closed())) });
    });
  });
}
