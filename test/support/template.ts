import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** `template`: a ready database folder; `runs`: where this run puts its copies. */
    embedded: { template: string; runs: string };
  }
}

/** Global set-up of the projects with an embedded database: initdb once per version of the engine, then copies. */
export async function setup(project: TestProject): Promise<() => void> {
  const manifest = new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url);
  const { version } = JSON.parse(fs.readFileSync(manifest, 'utf8')) as { version: string };
  const cache = fileURLToPath(new URL('../../node_modules/.cache/usher/', import.meta.url));
  const template = path.join(cache, `embedded-${version}`);
  if (!fs.existsSync(template)) await makeTemplate(cache, template);
  const runs = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-test-'));
  project.provide('embedded', { template, runs });
  return () => fs.rmSync(runs, { recursive: true, force: true });
}

async function makeTemplate(cache: string, template: string): Promise<void> {
  fs.mkdirSync(cache, { recursive: true });
  const own = fs.mkdtempSync(path.join(cache, 'making-'));
  const folder = path.join(own, 'database');
  const worker = new Worker(new URL('../../server/db/embedded-worker.ts', import.meta.url), {
    workerData: { task: 'create', folder, fsyncs: new SharedArrayBuffer(4) },
    execArgv: ['--import', new URL('../../tools/ts.mjs', import.meta.url).href],
  });
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
  try {
    fs.renameSync(folder, template);
  } catch (error) {
    // Another run was faster; its template is as good.
    if (!fs.existsSync(template)) throw error;
  }
  fs.rmSync(own, { recursive: true, force: true });
}
