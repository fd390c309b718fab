import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const usher = fileURLToPath(new URL('./usher.mjs', import.meta.url));

function run(args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [usher, ...args], { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('wrong settings are told one line each, with the next step, and the exit code is 1', () => {
  const { status, stderr, stdout } = run(['serve'], { PORT: 'http', USHER_LEASE: 'soon' });
  expect(status).toBe(1);
  expect(stdout).toBe('');
  expect(stderr.trim().split('\n')).toEqual([
    'usher: PORT must be a whole number from 0 to 65535: correct it (it is "http")',
    'usher: USHER_LEASE must be a duration: write 30s, 15m or 2h (it is "soon")',
  ]);
});

test('a command that cannot be meant ends with exit code 2 and points to the help', () => {
  const { status, stderr } = run(['demo', '--people', 'many']);
  expect(status).toBe(2);
  expect(stderr).toContain('It must be a whole number from 1 to');
  expect(stderr).toContain('usher --help');
});

test('the settings are listed with their values, secrets masked', () => {
  const { status, stdout } = run(['config'], { PORT: '4000', USHER_API_TOKEN: 'a-token-of-automation' });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^PORT +4000 {2}\(port, default 3000\)$/m);
  expect(stdout).not.toContain('a-token-of-automation');
});
