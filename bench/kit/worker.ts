/** A process that measures by itself: told once on its standard input, heard once on its standard output. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const loader = fileURLToPath(new URL('../../tools/ts.mjs', import.meta.url));

/** Runs `bench/kit/<name>-process.ts` with the given task; it may ask for garbage to be collected. */
export async function askWorker<Task, Answer>(name: string, task: Task, signal: AbortSignal): Promise<Answer> {
  const file = fileURLToPath(new URL(`./${name}-process.ts`, import.meta.url));
  const flags = ['--expose-gc', '--import', loader];
  const child = spawn(process.execPath, [...flags, file], { stdio: ['pipe', 'pipe', 'inherit'], signal });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  child.stdin.end(JSON.stringify(task));
  const [said, code] = await Promise.all([text(child.stdout), ended]);
  if (code !== 0) throw new Error(`${name}-process ended with ${code}`);
  return JSON.parse(said) as Answer;
}

/** The other side: reads the task, does it, writes the answer. */
export async function answerTask<Task, Answer>(work: (task: Task) => Promise<Answer>): Promise<void> {
  const answer = await work(JSON.parse(await text(process.stdin)) as Task);
  process.stdout.write(JSON.stringify(answer));
}
