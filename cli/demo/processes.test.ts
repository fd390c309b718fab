import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { askJson, type Http, restClient, undiciHttp } from './http.ts';
import { freePorts } from './processes.ts';
import { createProgress } from './progress.ts';

test('free ports are different and nobody listens there', async () => {
  const ports = await freePorts(3);
  expect(new Set(ports).size).toBe(3);
  await expect(undiciHttp({ url: `http://127.0.0.1:${ports[0]}/x?state=secret` })).rejects.toThrow(
    /\/x does not answer$/,
  );
});

test('a refusal of the API is told with what was asked, without the token', async () => {
  const http: Http = async () => ({ status: 409, location: undefined, text: '{"errors":[{"message":"taken"}]}' });
  const asked = restClient(http, 'http://usher.test', 'secret-token').post('/spaces', {});
  await expect(asked).rejects.toThrow(
    'POST http://usher.test/api/v1/spaces answered 409: {"errors":[{"message":"taken"}]}',
  );
  await expect(asked).rejects.not.toThrow('secret-token');
  await expect(askJson(http, { url: 'http://usher.test/x' })).rejects.toThrow('GET http://usher.test/x answered 409');
});

test('progress is a line for every tenth where there is no terminal', () => {
  const output = new PassThrough();
  const progress = createProgress(output);
  for (let done = 0; done <= 1_000; done += 1) progress.moved('sent', done, 1_000);
  expect(String(output.read()).trim().split('\n')).toEqual(Array.from({ length: 11 }, (_, n) => `sent ${n * 10} %`));
});
