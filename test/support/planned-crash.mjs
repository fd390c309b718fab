// Kills the process at a crash point once a test has armed it: the file USHER_TEST_CRASH names the point.
import fs from 'node:fs';

export function crashAsPlanned(point) {
  const plan = process.env['USHER_TEST_CRASH'];
  if (plan === undefined || !fs.existsSync(plan) || fs.readFileSync(plan, 'utf8') !== point) return;
  process.kill(process.pid, 'SIGKILL');
  // Nothing more happens here; the signal may take a moment to arrive.
  for (;;);
}
