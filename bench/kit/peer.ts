/** Segment's published TikTok Audiences destination, in a process of its own, as it stands in npm (design.md 6). */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MappingAnswer, MappingTask } from './mapping-task.ts';
import { openSandbox } from './stand.ts';
import { askWorker } from './worker.ts';

const folder = fileURLToPath(new URL('../peer', import.meta.url));

export interface PeerTask extends MappingTask {
  /** Where its calls go; absent: they are answered from memory. */
  readonly tiktok?: { readonly url: string; readonly token: string };
}

/** Runs it, after installing it where that was not done yet: it is no part of the product's own packages. */
export function askPeer(task: PeerTask, signal: AbortSignal): Promise<MappingAnswer> {
  installPeer();
  return askWorker<PeerTask, MappingAnswer>('peer', task, signal);
}

/** With its calls answered by the sandbox, four batches of 1,000 under way: it never waits for one answer. */
export async function peerDelivers(setting: {
  quick: boolean;
  runs: number;
  signal: AbortSignal;
}): Promise<MappingAnswer> {
  const sandbox = await openSandbox(setting.signal);
  try {
    const { audienceId, ...tiktok } = sandbox.audience;
    const task = { runs: setting.runs, batches: setting.quick ? 12 : 40, parallel: 4, audienceId, tiktok };
    return await askPeer(task, setting.signal);
  } finally {
    await sandbox.close();
  }
}

function installPeer(): void {
  if (existsSync(`${folder}/node_modules/@segment/action-destinations`)) return;
  const { status } = spawnSync('npm', ['ci', '--no-progress', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm ci in ${folder} ended with ${status}`);
}
