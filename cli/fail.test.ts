import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { StartError } from '../server/kernel/start-error.ts';
import { failureLine } from './fail.ts';

const withCode = (code: string, more: object = {}) => Object.assign(new Error(`${code} happened`), { code, ...more });

test('a port in use is named with the next step', async () => {
  const first = createServer().listen(0, '127.0.0.1');
  await new Promise((ready) => first.once('listening', ready));
  const address = first.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const error = await new Promise((failed) => createServer().once('error', failed).listen(port, '127.0.0.1'));
  first.close();
  expect(failureLine(error)).toBe(
    `port ${port} is in use: set PORT (or --port) to another one or stop the other program`,
  );
});

test('a message that is written for people stays as it is, in one line', () => {
  expect(failureLine(new StartError('the folder is locked: stop process 7\n    at open (x.ts:1)'))).toBe(
    'the folder is locked: stop process 7',
  );
});

test('an unreachable PostgreSQL is told in the same words, however the machine puts it', () => {
  const refused = withCode('ECONNREFUSED');
  const lines = [
    refused,
    withCode('ENOTFOUND'),
    new AggregateError([refused]),
    new Error('lost', { cause: refused }),
  ].map(failureLine);
  expect(new Set(lines).size).toBe(1);
  expect(lines[0]).toContain('DATABASE_URL');
});

test.each(['28P01', '3D000', 'ENOSPC', 'EACCES', 'EADDRNOTAVAIL'])('%s has a next step', (code) => {
  expect(failureLine(withCode(code, { path: '/srv/usher' }))).toMatch(/: .+/);
  expect(failureLine(withCode(code))).not.toContain('unexpected');
});

test('what nobody expected is one line without a stack', () => {
  expect(failureLine(new TypeError('x is not a function\n    at y'))).toBe(
    'an unexpected error (TypeError: x is not a function): run again with LOG_LEVEL=debug',
  );
  expect(failureLine('text')).toContain('an unexpected error');
});
