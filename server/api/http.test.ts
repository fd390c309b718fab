import { expect, test } from 'vitest';
import { CommitUnknown, DatabaseUnavailable } from '../db/port.ts';
import { silentLog } from '../kernel/log.ts';
import { createHttpApp } from './http.ts';

test.each([
  [new DatabaseUnavailable('away'), /nothing was changed, try again/],
  [new CommitUnknown('lost'), /look whether the change is there before you make it again/],
])(
  'a request that finds the database away is told what became of it, and when to come again: %s',
  async (error, message) => {
    const app = createHttpApp(silentLog);
    app.get('/thing', () => {
      throw error;
    });
    const answer = await app.request('/thing');
    expect({ status: answer.status, wait: answer.headers.get('retry-after') }).toEqual({ status: 503, wait: '5' });
    expect(await answer.json()).toEqual({ errors: [{ type: 'unavailable', message: expect.stringMatching(message) }] });
  },
);
