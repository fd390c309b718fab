import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Browser tests see the pages as they are built; a fresh clone builds them here. */
export function setup(): void {
  const tool = fileURLToPath(new URL('../../tools/build-web.mjs', import.meta.url));
  execFileSync(process.execPath, [tool, '--if-needed'], { stdio: 'inherit' });
}
