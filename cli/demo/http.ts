import { request } from 'undici';
import { isObject, type Json } from '../../server/kernel/json.ts';

/** An HTTP client as the demo needs it: one question, one answer, redirects left to the caller. */
export type Http = (question: Question) => Promise<HttpAnswer>;

export interface Question {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** No answer within this time is an error; the slowest is the creation of an audience at the sandbox. */
const answerMs = 30_000;

export const undiciHttp: Http = async (question) => {
  try {
    return await askOnce(question);
  } catch (error) {
    const { origin, pathname } = new URL(question.url); // the query may hold a state or a code
    throw new DemoError(`${origin}${pathname} does not answer`, { cause: error });
  }
};

async function askOnce({ method = 'GET', url, headers = {}, body }: Question): Promise<HttpAnswer> {
  const answer = await request(url, {
    method,
    headers,
    body: body ?? null,
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
  });
  const location = answer.headers['location'];
  return {
    status: answer.statusCode,
    location: typeof location === 'string' ? new URL(location, url).href : undefined,
    text: await answer.body.text(),
  };
}

/** Asks and gives the answer's JSON; anything but a 2xx is an error that says what was asked and what came back. */
export async function askJson(http: Http, question: Question): Promise<Json> {
  const answer = await http(question);
  const asked = `${question.method ?? 'GET'} ${question.url}`;
  if (answer.status < 200 || answer.status > 299) {
    throw new DemoError(`${asked} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  }
  return JSON.parse(answer.text);
}

/** Usher's REST API: `{"data": …}` with a bearer token. */
export interface Rest {
  get(path: string): Promise<Json>;
  post(path: string, body: Json): Promise<Json>;
  patch(path: string, body: Json): Promise<Json>;
}

export function restClient(http: Http, server: string, token: string): Rest {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const ask = async (method: 'GET' | 'POST' | 'PATCH', path: string, body?: Json): Promise<Json> => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await askJson(http, { method, url: `${server}/api/v1${path}`, headers, ...sent });
    const data = isObject(answer) ? answer['data'] : undefined;
    if (data === undefined) throw new DemoError(`${method} ${path} answered without "data"`);
    return data;
  };
  return {
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    patch: (path, body) => ask('PATCH', path, body),
  };
}

/** Something the demonstration relies on did not happen; the message is for the reader. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

/** A text at `key` of an answer. */
export function textAt(answer: Json, key: string): string {
  const value = isObject(answer) ? answer[key] : undefined;
  if (typeof value !== 'string') throw new DemoError(`an answer has no "${key}"`);
  return value;
}

/** A count at `key` of an answer; absent counts as none. */
export function countAt(answer: Json, key: string): number {
  const value = isObject(answer) ? answer[key] : undefined;
  return typeof value === 'number' ? value : 0;
}
