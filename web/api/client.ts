import createClient from 'openapi-fetch';
import { answerOfDeleted, isBeingDeleted } from './deleted.ts';
import { ApiError, NoAnswer } from './errors.ts';
import type { components, paths } from './openapi.d.ts';
import { serverAnswered, serverIsAway } from './server-away.ts';
import { passwordConfirmed, signedInAgain, wasSignedIn } from './session-gate.ts';

/**
 * The REST API, typed by its own description. It goes through three gates, so that no page has to know of them: a server
 * that does not answer is told once for all pages; a session that is over waits for a new sign-in and then goes on; a
 * sensitive step waits for the password.
 */
export const api = createClient<paths>({ credentials: 'same-origin', fetch: throughGates });

async function throughGates(request: Request): Promise<Response> {
  const again = request.clone();
  const answer = (await answerOfDeleted(request)) ?? (await reach(request));
  if (answer.status !== 401) return answer;
  const problem = await firstProblem(answer);
  if (problem === 'unauthorized' && wasSignedIn() && (await signedInAgain())) return throughGates(again);
  if (problem === 'reauthenticate' && (await passwordConfirmed())) return throughGates(again);
  return answer;
}

async function reach(request: Request): Promise<Response> {
  try {
    const answer = await fetch(request);
    // Usher says 503 while its database is away, a proxy 502 or 504 while Usher is.
    if (answer.status === 502 || answer.status === 503 || answer.status === 504) throw new NoAnswer();
    serverAnswered();
    return answer;
  } catch (error) {
    if (request.signal.aborted) throw error;
    serverIsAway();
    throw error instanceof NoAnswer ? error : new NoAnswer();
  }
}

async function firstProblem(answer: Response): Promise<string | undefined> {
  const body: unknown = await answer.clone().json();
  return problemsIn(body)[0]?.type;
}

interface Answer<Body> {
  readonly data?: Body;
  readonly error?: unknown;
  readonly response: Response;
}

/** What the answer's `data` holds; every refusal is an ApiError, no answer at all a NoAnswer. */
export async function one<Data>(asked: Promise<Answer<{ data: Data }>>): Promise<Data> {
  return (await page(asked)).data;
}

export type DryRun = components['schemas']['DryRun'];

/** What a change has made; the same routes answer a dry run (`?dryRun=true`), which `tried` is for. */
export async function made<Body extends { data: object }>(
  asked: Promise<Answer<Body>>,
): Promise<Exclude<Body['data'], DryRun>> {
  const { data } = await page(asked);
  if (isDryRun(data)) throw new Error('the API tried what it was told to do');
  return data as Exclude<Body['data'], DryRun>;
}

/** What a change would do at TikTok, without doing it. */
export async function tried(asked: Promise<Answer<{ data: object } | undefined>>): Promise<DryRun> {
  const data = (await page(asked))?.data;
  if (data === undefined || !isDryRun(data)) throw new Error('the API did what it was only to try');
  return data;
}

const isDryRun = (data: object): data is DryRun => 'adds' in data && 'calls' in data;

/** The whole body: a page of a list comes with its `pagination`. */
export async function page<Body>(asked: Promise<Answer<Body>>): Promise<Body> {
  const { data, error, response } = await asked;
  if (!response.ok || data === undefined) throw new ApiError(response.status, problemsIn(error));
  return data;
}

/** For what answers without a body: 202 and 204. */
export async function done(asked: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await asked;
  if (!response.ok) throw new ApiError(response.status, problemsIn(error));
}

/** For a deletion: whatever still stands on the page asks no more about it. */
export async function gone(id: string, asked: Promise<Answer<unknown>>): Promise<void> {
  const deletion = done(asked);
  isBeingDeleted(id, deletion);
  await deletion;
}

function problemsIn(body: unknown): ApiError['problems'] {
  const errors = typeof body === 'object' && body !== null && 'errors' in body ? body.errors : [];
  return Array.isArray(errors) ? errors : [];
}
