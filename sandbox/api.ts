import { type Clock, type Instant, instant } from '../server/kernel/clock.ts';
import { isObject, own } from '../server/kernel/json.ts';
import { apiBase, paths, tokenHeader } from '../server/tiktok/wire.ts';
import { messageOf, type Refusal, refusals } from './answer.ts';
import { segmentAudience } from './audiences.ts';
import { type Call, describeCall } from './call.ts';
import { customAudienceEndpoints } from './custom-audiences.ts';
import type { Applied, Endpoint, Plan } from './endpoint.ts';
import type { HttpAnswer, Outcome, Strike } from './faults.ts';
import type { Input } from './fields.ts';
import {
  type Exchange,
  gatewayReply,
  jsonReply,
  type Reply,
  readBody,
  reset,
  send,
  sendSlowly,
  textReply,
} from './http.ts';
import type { Decision } from './journal.ts';
import { segmentMapping } from './mapping.ts';
import { oauthEndpoints } from './oauth.ts';
import { timeText } from './sandbox-clock.ts';
import { nextHex, type World } from './state.ts';

const endpoints: readonly Endpoint[] = [...oauthEndpoints, segmentAudience, segmentMapping, ...customAudienceEndpoints];
const streamingPaths: readonly string[] = [paths.segmentAudience, paths.segmentMapping];
const bodilessPaths: readonly string[] = [paths.accessToken, paths.revokeToken];

/** What goes back: an envelope, a gateway's page, or nothing at all. */
type Answer =
  | { readonly kind: 'envelope'; readonly code: number; readonly message: string; readonly data: unknown }
  | { readonly kind: 'http'; readonly reply: Reply }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

interface Verdict {
  readonly decision: Decision;
  readonly answer: Answer;
  readonly applied?: Applied;
  /** Takes effect later: what to do once the journal has given the request a number. */
  readonly defer?: (seq: number) => void;
}

/** One call of TikTok's API: the order of checks is that of tiktok-api.md 14. */
export async function serveApi(world: World, wire: Clock, exchange: Exchange): Promise<void> {
  const path = exchange.url.pathname.slice(apiBase.length);
  const found = route(path, exchange.method, world);
  if ('status' in found) {
    exchange.request.resume();
    const decided: Verdict = { decision: 'unrouted', answer: { kind: 'http', reply: found } };
    note(world, { ...describeCall(path, exchange.method, undefined), verdict: decided, fault: null, body: undefined });
    return send(exchange, found);
  }
  if (world.faults.cutsOff(found.path, world.random)) {
    const verdict: Verdict = { decision: 'fault', answer: { kind: 'reset' } };
    note(world, {
      ...describeCall(found.path, found.method, undefined),
      verdict,
      fault: 'resetBeforeRead',
      body: undefined,
    });
    return reset(exchange);
  }
  const body = await readBody(exchange.request, world.settings.bodyBytesMax);
  if (body === undefined) {
    const reply = gatewayReply({ status: 413, body: 'html' });
    const verdict: Verdict = { decision: 'refused', answer: { kind: 'http', reply } };
    note(world, { ...describeCall(found.path, found.method, undefined), verdict, fault: null, body });
    return send(exchange, reply);
  }
  // From here to the answer nothing waits: a call is decided and applied as one step.
  world.pending.settle(world.clock.now());
  const input = readInput(found, exchange, body);
  const call = describeCall(found.path, found.method, input);
  const strike = world.faults.strike(call.subject, world.random);
  const verdict = decide(world, { endpoint: found, input, call, strike });
  const fault = strike.outcome?.kind ?? (strike.latencyMs > 0 ? 'latency' : strike.drip ? 'slowDrip' : null);
  const requestId = note(world, {
    ...call,
    verdict,
    fault,
    body: bodilessPaths.includes(found.path) ? undefined : body,
  });
  if (strike.latencyMs > 0) await wire.sleep(strike.latencyMs);
  await deliver(exchange, { answer: verdict.answer, requestId, drip: strike.drip, wire });
}

/** Check 1: the path with its last slash, and the method (Q20, Q21). */
function route(path: string, method: string, world: World): Endpoint | Reply {
  const wanted = !world.settings.trailingSlash && !path.endsWith('/') ? `${path}/` : path;
  const found = endpoints.find((one) => one.path === wanted);
  if (!found) return textReply(404, '404 page not found');
  return found.method === method ? found : textReply(405, '405 method not allowed');
}

function readInput(endpoint: Endpoint, exchange: Exchange, body: Buffer): Input & { readonly broken: boolean } {
  const header = exchange.request.headers[tokenHeader.toLowerCase()];
  const token = typeof header === 'string' && header !== '' ? header : undefined;
  const query = exchange.url.searchParams;
  if (endpoint.method === 'GET') return { query, body: undefined, token, broken: false };
  const parsed = parseObject(body);
  return { query, body: parsed ?? {}, token, broken: parsed === undefined };
}

interface Asked {
  readonly endpoint: Endpoint;
  readonly input: Input & { readonly broken: boolean };
  readonly call: Call;
  readonly strike: Strike;
}

/** Checks 2 to 11. */
function decide(world: World, { endpoint, input, call, strike }: Asked): Verdict {
  const { outcome } = strike;
  const early = outcome && spokenBeforeChecks(outcome);
  if (early) return { decision: 'fault', answer: early };
  const now = world.clock.now();
  const app = input.token === undefined ? own(input.body, 'app_id') : world.tokens.get(input.token)?.appId;
  const known = world.settings.apps.find(({ appId }) => appId === app)?.appId;
  const throttled = world.rate.take({ app: known, advertisers: call.subject.advertiserIds }, now, world.settings);
  if (throttled) return { decision: 'throttled', answer: refusal(throttled) };
  if (input.broken) return { decision: 'refused', answer: refusal(refusals.badJson) };
  const checked = endpoint.check(input, world);
  if (!checked.ok) return { decision: 'refused', answer: refusal(checked.error) };
  return carryOut(world, { plan: checked.value, outcome, now, path: endpoint.path });
}

interface Deed {
  readonly plan: Plan;
  readonly outcome: Outcome | undefined;
  readonly now: Instant;
  readonly path: string;
}

/** Check 11: applies the plan now, in part, or later, and says what goes back. */
function carryOut(world: World, { plan, outcome, now, path }: Deed): Verdict {
  const code = streamingPaths.includes(path) ? world.settings.successCode : 0;
  const success = (data: unknown): Answer => ({ kind: 'envelope', code, message: 'OK', data });
  const later = (due: number, how: 'add' | 'hold', answer: Answer): Verdict => ({
    decision: 'deferred',
    answer,
    defer: (seq) => world.pending[how](deferred(world, { plan, path, due: instant(due), seq })),
  });
  if (outcome?.kind === 'applyLate')
    return later(now + outcome.ms, 'add', outcome.answer === 'ok' ? success({}) : { kind: outcome.answer });
  if (outcome?.kind === 'reorder' && plan.mapping) return later(now + outcome.ms, 'hold', success({}));
  const share = outcome?.kind === 'partial' ? outcome.share : 1;
  if (plan.mapping && world.settings.applyDelayMs > 0 && share === 1)
    return later(now + world.settings.applyDelayMs, 'add', spokenAfterApply(outcome, success({})));
  const applied = plan.apply(now, share);
  if (plan.mapping) world.pending.overtaken(plan.audienceIds, now);
  return { decision: 'served', applied, answer: spokenAfterApply(outcome, success(applied.data)) };
}

function deferred(world: World, late: { plan: Plan; path: string; due: Instant; seq: number }) {
  const { plan, path, due, seq } = late;
  return {
    due,
    audienceIds: plan.audienceIds,
    apply(at: Instant): void {
      const { added, removed } = plan.apply(at, 1);
      world.journal.append(
        {
          ...describeCall(path, '', undefined).line,
          kind: 'late',
          of: seq,
          time: at,
          audienceIds: plan.audienceIds,
          decision: 'served',
          fault: null,
          code: null,
          message: '',
          requestId: '',
          added,
          removed,
          answered: false,
        },
        undefined,
        world.settings,
      );
    },
  };
}

/** Check 2: effects that keep the call from the API's own logic. */
function spokenBeforeChecks(outcome: Outcome): Answer | undefined {
  switch (outcome.kind) {
    case 'code':
      return refusal({ code: outcome.code, message: outcome.message ?? messageOf(outcome.code) });
    case 'http':
      return httpAnswer(outcome);
    case 'hang':
      return { kind: 'hang' };
    case 'resetBeforeRead':
    case 'resetAfterRead':
      return { kind: 'reset' };
    case 'applyThenReset':
    case 'applyThenHang':
    case 'applyThenCode':
    case 'applyThenHttp':
    case 'applyLate':
    case 'partial':
    case 'reorder':
      return undefined;
  }
}

function spokenAfterApply(outcome: Outcome | undefined, success: Answer): Answer {
  switch (outcome?.kind) {
    case 'applyThenReset':
      return { kind: 'reset' };
    case 'applyThenHang':
      return { kind: 'hang' };
    case 'applyThenCode':
      return refusal({ code: outcome.code, message: outcome.message ?? messageOf(outcome.code) });
    case 'applyThenHttp':
      return httpAnswer(outcome);
    case 'partial':
      return { kind: 'envelope', code: 20001, message: messageOf(20001), data: {} };
    case 'code':
    case 'http':
    case 'hang':
    case 'resetBeforeRead':
    case 'resetAfterRead':
    case 'applyLate':
    case 'reorder':
    case undefined:
      return success;
  }
}

/** Writes the journal's line, starts what is deferred, and gives the request id. */
function note(
  world: World,
  noted: Call & { verdict: Verdict; fault: string | null; body: Buffer | undefined },
): string {
  const { verdict, fault, body, line } = noted;
  const { answer, applied } = verdict;
  const time = world.clock.now();
  const requestId = `${timeText(time).replace(/\D/g, '')}${nextHex(world, 'request').slice(0, 18).toUpperCase()}`;
  const seq = world.journal.append(
    {
      ...line,
      kind: 'request',
      time,
      decision: verdict.decision,
      fault,
      code: answer.kind === 'envelope' ? answer.code : null,
      message:
        answer.kind === 'envelope' ? answer.message : answer.kind === 'http' ? `HTTP ${answer.reply.status}` : '',
      requestId,
      added: applied?.added ?? 0,
      removed: applied?.removed ?? 0,
      answered: answer.kind === 'envelope' || answer.kind === 'http',
    },
    body,
    world.settings,
  );
  verdict.defer?.(seq);
  world.log.debug('sandbox call', { path: line.path, decision: verdict.decision, fault: fault ?? '', requestId });
  return requestId;
}

async function deliver(
  exchange: Exchange,
  parts: { answer: Answer; requestId: string; drip: Strike['drip']; wire: Clock },
): Promise<void> {
  const { answer, requestId, drip, wire } = parts;
  if (answer.kind === 'hang') return; // the client's deadline, or the sandbox's close, ends it
  if (answer.kind === 'reset') return reset(exchange);
  const plain = answer.kind === 'http' ? answer.reply : envelopeReply(answer, requestId);
  const reply = { ...plain, headers: { ...plain.headers, 'x-tt-logid': requestId } };
  return drip ? sendSlowly(exchange, reply, { ...drip, clock: wire }) : send(exchange, reply);
}

const envelopeReply = (answer: Extract<Answer, { kind: 'envelope' }>, requestId: string): Reply =>
  jsonReply(200, { code: answer.code, message: answer.message, request_id: requestId, data: answer.data });

const refusal = ({ code, message }: Refusal): Answer => ({ kind: 'envelope', code, message, data: {} });
const httpAnswer = (fault: Omit<HttpAnswer, 'kind'>): Answer => ({ kind: 'http', reply: gatewayReply(fault) });

function parseObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
