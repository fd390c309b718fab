import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Secret } from '../kernel/secret.ts';
import type { Budget, Slot } from './budget.ts';
import { deadline } from './deadline.ts';
import type { Arrival, Http, Message } from './http.ts';
import { classify, doubt, type Outcome } from './outcome.ts';
import { type Endpoint, methods, paths, tokenHeader } from './wire.ts';

/** What a call came to. `data` is there when the outcome is `ok`, and perhaps when it is `partial`. */
export interface Answer<Data> {
  outcome: Outcome;
  data: Data | undefined;
  httpStatus: number | null;
  /** TikTok's code (codes.ts), null when there was no envelope. */
  code: number | null;
  /** TikTok's words, or ours where it said nothing; without tokens and secrets. */
  message: string;
  requestId: string | null;
  /** Of the exchange alone, without the wait for a slot. */
  durationMs: number;
}

/** In whose name. */
export interface Call {
  token: Secret;
  /** From now until the answer, waiting for a slot included: after that, nothing of this call is sent (rule 11). */
  deadlineMs?: number;
  signal?: AbortSignal;
  /** A slot taken before, by a caller who writes down what it is about to do between the slot and the call (rule 11). */
  slot?: Slot;
}

/** One call to one endpoint. */
export interface Ask<Data> {
  endpoint: Endpoint;
  call: Partial<Call>;
  /** Whose budget it counts against (40133). */
  advertiserId?: string;
  /** Arrays are JSON texts already (tiktok-api.md 1). */
  query?: Readonly<Record<string, string>>;
  body?: object;
  /** Undefined: the answer lacks what the call is about. */
  read(data: unknown): Data | undefined;
  /** Texts that must not come back in a message. */
  secrets?: readonly Secret[];
}

export interface CallDeps {
  apiUrl: string;
  timeoutMs: number;
  clock: Clock;
  log: Log;
  http: Http;
  budget: Budget;
}

/** Waits for a slot, sends once, says what came of it. Never throws for anything that TikTok or the network does. */
export async function ask<Data>(deps: CallDeps, wanted: Ask<Data>): Promise<Answer<Data>> {
  const { call, endpoint, advertiserId } = wanted;
  if (call.token && !isHeaderText(call.token.reveal())) {
    return refuse({ kind: 'unauthorized' }, 'the access token has characters that no token has');
  }
  const whole = deadline(deps.clock, call.deadlineMs, call.signal);
  try {
    const slot = call.slot ?? (await deps.budget.take(advertiserId, whole.signal));
    if (!slot) return refuse({ kind: 'unsent' }, 'not sent: no call slot before the deadline');
    const startedAt = deps.clock.elapsed();
    const exchange = deadline(deps.clock, deps.timeoutMs, whole.signal);
    const arrival = await deps.http.send(messageOf(deps.apiUrl, wanted), exchange.signal).finally(exchange.release);
    const answer = answerOf(wanted, arrival, deps.clock.elapsed() - startedAt);
    if (answer.outcome.kind === 'throttled') slot.throttled(answer.outcome);
    else if (answer.code !== null) slot.passed();
    report(deps.log, endpoint, arrival, answer);
    return answer;
  } finally {
    whole.release();
  }
}

/** An answer of our own: nothing was sent. */
export const refuse = <Data>(outcome: Outcome, message: string): Answer<Data> => ({
  outcome,
  data: undefined,
  httpStatus: null,
  code: null,
  message,
  requestId: null,
  durationMs: 0,
});

function messageOf(apiUrl: string, { endpoint, call, query, body }: Ask<unknown>): Message {
  const search = query ? `?${new URLSearchParams(query)}` : '';
  return {
    method: methods[endpoint],
    url: `${apiUrl}${paths[endpoint]}${search}`,
    headers: {
      accept: 'application/json',
      ...(call.token ? { [tokenHeader]: call.token.reveal() } : {}),
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    body: body && JSON.stringify(body),
  };
}

function answerOf<Data>(wanted: Ask<Data>, arrival: Arrival, durationMs: number): Answer<Data> {
  const outcome = classify(wanted.endpoint, arrival);
  const envelope = arrival.kind === 'answered' ? arrival.envelope : undefined;
  const accepted = outcome.kind === 'ok' || outcome.kind === 'partial';
  const data = accepted ? wanted.read(envelope?.data) : undefined;
  return {
    // A yes without its content: for a create, the audience may exist, and only its name finds it (tiktok-api.md 4.1).
    outcome: outcome.kind === 'ok' && data === undefined ? doubt(wanted.endpoint) : outcome,
    data,
    httpStatus: arrival.kind === 'answered' ? arrival.httpStatus : null,
    code: envelope?.code ?? null,
    message: withoutSecrets(describe(arrival), [wanted.call.token, ...(wanted.secrets ?? [])]),
    requestId: envelope?.requestId ?? (arrival.kind === 'answered' ? (arrival.logId ?? null) : null),
    durationMs,
  };
}

function describe(arrival: Arrival): string {
  if (arrival.kind === 'failed') return `${arrival.sent ? 'no answer' : 'not sent'}: ${arrival.cause}`;
  if (arrival.envelope) return arrival.envelope.message;
  return `HTTP ${arrival.httpStatus} without TikTok’s JSON`;
}

const messageMax = 500;

/** A message may quote the request. The cut comes last, so that no secret is cut in two and half of it stays. */
function withoutSecrets(text: string, secrets: readonly (Secret | undefined)[]): string {
  let clean = text;
  for (const secret of secrets) {
    const plain = secret?.reveal() ?? '';
    if (plain !== '') clean = clean.replaceAll(plain, '[secret]');
  }
  return clean.slice(0, messageMax);
}

/** Neither URL, headers nor body: they carry the token, the app's secret and hashes (I13). Nor TikTok's free text. */
function report(log: Log, endpoint: Endpoint, arrival: Arrival, answer: Answer<unknown>): void {
  const fields = {
    endpoint,
    outcome: answer.outcome.kind,
    httpStatus: answer.httpStatus ?? undefined,
    code: answer.code ?? undefined,
    requestId: answer.requestId ?? undefined,
    logId: arrival.kind === 'answered' ? arrival.logId : undefined,
    cause: arrival.kind === 'failed' ? arrival.cause : undefined,
    durationMs: Math.round(answer.durationMs),
  };
  if (answer.outcome.kind === 'ok') log.debug('TikTok answered', fields);
  else log.info('TikTok did not say yes', fields);
}

/** Visible ASCII: undici would throw on anything else, after the slot was taken. */
const isHeaderText = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);
