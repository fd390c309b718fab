// `npm run check`, the definition of "may land": stops at the first step that fails and shows what it said.
import { spawnSync } from 'node:child_process';

const node = process.execPath;
const bin = (name) => `node_modules/.bin/${name}`;
const tsc = ['node_modules/typescript7/bin/tsc', '-p'];

const steps = [
  { name: 'format and lint', run: [bin('biome'), 'check', '--error-on-warnings', '.'] },
  { name: 'types of the server', run: [node, ...tsc, 'tsconfig.json'] },
  { name: 'types of the tests', run: [node, ...tsc, 'tsconfig.test.json'] },
  { name: 'the REST API as the web app sees it', run: [node, 'tools/build-web.mjs', '--types'] },
  { name: 'types of the web app', run: [node, ...tsc, 'tsconfig.web.json'] },
  {
    name: 'who imports whom',
    run: [
      bin('depcruise'),
      '--config',
      '.dependency-cruiser.mjs',
      '--output-type',
      'err-long',
      'server',
      'contract',
      'sandbox',
      'cli',
      'web',
      'bench',
    ],
    // With TypeScript 7 as `typescript` it would see no modules and report success (docs/decisions, stack.md 6).
    alsoWrong: (output) => !/\b[1-9]\d* modules\b/.test(output) && 'it saw no modules',
  },
  { name: 'the reference in docs/', run: [node, 'tools/reference.mjs', '--check'] },
  { name: 'unused code and packages', run: [bin('knip')] },
  { name: 'architecture', run: [bin('vitest'), 'run', '--project', 'unit', 'test/architecture.test.ts'] },
];

for (const {
  name,
  run: [command, ...args],
  alsoWrong,
} of steps) {
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const output = `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`;
  const problem = status !== 0 ? `it ended with ${status}` : alsoWrong?.(output);
  if (problem) {
    console.log(`✗ ${name}: ${problem}\n\n${output}`);
    process.exit(1);
  }
  console.log(`✓ ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}
