import type { Millis } from '../kernel/clock.ts';
import { type CodeClass, classOfUnlisted, codeRow } from './codes.ts';
import { type Endpoint, methods } from './wire.ts';

/** What an answer means for the one who called. */
export type Outcome =
  | { kind: 'ok' }
  /** 20001, 40050: accepted, the remainder unknown. Send once more, then take it for done. */
  | { kind: 'partial' }
  | { kind: 'throttled'; scope: 'app' | 'advertiser'; long: boolean; retryAfter?: Millis }
  /** A definite no for now. `slow`: not within the hour. */
  | { kind: 'retry'; slow: boolean }
  | { kind: 'split' }
  /** A definite no to this data. On a mapping call one row may be the cause: bisect. */
  | { kind: 'refused' }
  /** The user must give consent again. */
  | { kind: 'unauthorized' }
  /** The user must be granted something, or another ad account chosen. */
  | { kind: 'forbidden' }
  /** The app, its settings or our code are wrong. */
  | { kind: 'config' }
  /** 40007: the audience is not there. */
  | { kind: 'gone' }
  /** It may have happened, now or later (rule 11). Only calls that change something have this outcome. */
  | { kind: 'unknown' }
  /** It never left, so it has certainly not happened. */
  | { kind: 'unsent' };

/** What came back, reduced to what decides. */
export type Reply =
  | { kind: 'failed'; sent: boolean }
  | {
      kind: 'answered';
      httpStatus: number;
      retryAfter: Millis | undefined;
      /** Undefined when the body is not TikTok's JSON: a gateway's page, or cut off. */
      envelope: { code: number; message: string } | undefined;
    };

/**
 * Pure. The order of the questions: did it leave? did the server speak of load or size? is there a code? ("`code` takes
 * precedence over the HTTP status", tiktok-api.md 1.1); only then the bare status.
 */
export function classify(endpoint: Endpoint, reply: Reply): Outcome {
  if (reply.kind === 'failed') return reply.sent ? doubt(endpoint) : { kind: 'unsent' };
  const { httpStatus, retryAfter, envelope } = reply;
  if (httpStatus === 429) return throttledBy('app', false, retryAfter);
  if (httpStatus === 413) return { kind: 'split' };
  if (!envelope) return byStatus(endpoint, httpStatus);
  const outcome = byCode(endpoint, envelope.code, envelope.message);
  // Success under an error status is a contradiction, and believing it could lose people.
  if ((outcome.kind === 'ok' || outcome.kind === 'partial') && httpStatus >= 300) return byStatus(endpoint, httpStatus);
  return outcome.kind === 'throttled' ? throttledBy(outcome.scope, outcome.long, retryAfter) : outcome;
}

/** Nobody can say whether it happened. Asking again answers that for reads; a change leaves a doubt (rule 11). */
export const doubt = (endpoint: Endpoint): Outcome =>
  methods[endpoint] === 'GET' ? { kind: 'retry', slow: false } : { kind: 'unknown' };

/** "HTTP 4xx = wrong path or method, never reached the API logic; HTTP 5xx = server fault" (tiktok-api.md 1.1). */
function byStatus(endpoint: Endpoint, status: number): Outcome {
  if (status === 401) return { kind: 'unauthorized' };
  // 408: some gateway gave up on a request that may have passed it.
  if (status === 408 || status >= 500) return doubt(endpoint);
  // Redirects are not followed (a token must not travel on), so a 3xx means a wrong address.
  if (status >= 300) return { kind: 'config' };
  // A 2xx without TikTok's JSON: cut, or a page of somebody in between.
  return doubt(endpoint);
}

function byCode(endpoint: Endpoint, code: number, message: string): Outcome {
  const segment = endpoint === 'segmentAudience' || endpoint === 'segmentMapping';
  if (code === 200 && !segment) return doubt(endpoint);
  const byMessage = messageRules.find((rule) => rule.codes(code) && rule.says.test(message));
  return outcomeOf(endpoint, byMessage?.class ?? codeRow(code)?.class ?? classOfUnlisted(code));
}

/** Codes that carry several meanings, told apart by their text (tiktok-api.md 9). The first that fits decides. */
const messageRules: readonly { codes(code: number): boolean; says: RegExp; class: CodeClass }[] = [
  {
    codes: (code) => code === 40000,
    says: /frequen|rate.?limit|too many (requests|calls)|\bqps\b/i,
    class: 'throttle',
  },
  { codes: (code) => code === 40002, says: /no permission/i, class: 'forbidden' },
  {
    codes: (code) => code === 40002,
    says: /not editable|unfinished|being (updated|processed)/i,
    class: 'retry-slow',
  },
  // A timeout is a timeout, whoever reports it: TikTok may still apply what its inner service took (rule 11). All other
  // RETRY codes are TikTok's word that it failed, and count as definite.
  { codes: (code) => code === 40700 || (code >= 50_000 && code < 60_000), says: /time[d ]*.?out/i, class: 'timeout' },
  { codes: (code) => code === 40700, says: /redis|server|internal/i, class: 'retry' },
];

function outcomeOf(endpoint: Endpoint, kind: CodeClass): Outcome {
  switch (kind) {
    case 'ok':
      return { kind: 'ok' };
    case 'partial':
      // 'Perhaps made already' is no answer to a create without an id: look by name first.
      return endpoint === 'segmentAudience' ? { kind: 'unknown' } : { kind: 'partial' };
    case 'throttle':
      return throttledBy('app', false);
    case 'throttle-long':
      return throttledBy('app', true);
    case 'throttle-advertiser':
      return throttledBy('advertiser', false);
    case 'retry':
      return { kind: 'retry', slow: false };
    case 'retry-slow':
      return { kind: 'retry', slow: true };
    case 'timeout':
      return doubt(endpoint);
    case 'reauth':
      return { kind: 'unauthorized' };
    case 'forbidden':
      return { kind: 'forbidden' };
    case 'drop':
      return { kind: 'refused' };
    case 'gone':
      return { kind: 'gone' };
    case 'split':
      return { kind: 'split' };
    case 'config':
      return { kind: 'config' };
  }
}

const throttledBy = (scope: 'app' | 'advertiser', long: boolean, retryAfter?: Millis): Outcome => ({
  kind: 'throttled',
  scope,
  long,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});
