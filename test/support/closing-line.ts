import { stripVTControlCharacters } from 'node:util';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/**
 * The last lines of every run: what failed, shortly, and `N passed, N failed`. `.ci/run` repeats them at its own end,
 * because of a long log often only the end is kept. Must stand last in the list of reporters.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const failures = unhandled.map((error) => said('outside of the tests', [error]));
    for (const module of modules) {
      const file = `${module.project.name} ${module.relativeModuleId}`;
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'failed') failures.push(said(`${file} > ${test.fullName}`, errors));
        else count[state] += 1;
      }
      failures.push(...module.errors().map((error) => said(file, [error])));
    }
    count.failed = failures.length;
    const skipped = count.skipped ? `, ${count.skipped} skipped` : '';
    const lines = [...failures, `${count.passed} passed, ${count.failed} failed${skipped}`];
    process.on('exit', () => console.log(lines.join('\n')));
  }
}

/** A failure as a line that starts with FAILED, and its errors below it, each of at most 2,000 characters. */
function said(where: string, errors: readonly SerializedError[] = []): string {
  const texts = errors.map(({ message, stack, diff }) => [stack ?? message, diff].join('\n').slice(0, 2_000));
  return stripVTControlCharacters([`FAILED ${where}`, ...texts].join('\n')).trim();
}
