import { z } from 'zod';
import type { Random } from '../server/kernel/random.ts';

const message = z.string().optional();
const ms = z.number().min(0);
const httpAnswer = {
  status: z.number().int().min(200).max(599),
  /** `huge`: 10 MB of HTML. `cut-json`: a success that breaks off in the middle. */
  body: z.enum(['html', 'empty', 'cut-json', 'huge']).default('html'),
  retryAfter: z.number().int().min(0).optional(),
};

const effectSchema = z.discriminatedUnion('kind', [
  /** An envelope with this code; nothing is applied. With `hash` in the rule: a row that TikTok chokes on. */
  z.strictObject({ kind: z.literal('code'), code: z.number().int(), message }),
  z.strictObject({ kind: z.literal('http'), ...httpAnswer }),
  /** Read, never answered, nothing applied. */
  z.strictObject({ kind: z.literal('hang') }),
  z.strictObject({ kind: z.literal('resetBeforeRead') }),
  z.strictObject({ kind: z.literal('resetAfterRead') }),
  z.strictObject({ kind: z.literal('applyThenReset') }),
  z.strictObject({ kind: z.literal('applyThenHang') }),
  z.strictObject({ kind: z.literal('applyThenCode'), code: z.number().int(), message }),
  z.strictObject({ kind: z.literal('applyThenHttp'), ...httpAnswer }),
  /** The answer is lost (or given at once: `ok`) and the change takes effect `ms` later, after newer ones. */
  z.strictObject({ kind: z.literal('applyLate'), ms, answer: z.enum(['reset', 'hang', 'ok']).default('reset') }),
  /** 20001: this share of the rows is applied, evenly spread. */
  z.strictObject({ kind: z.literal('partial'), share: z.number().min(0).max(1) }),
  /** Answered at once, applied after the next change of one of its audiences (or after `ms`). */
  z.strictObject({ kind: z.literal('reorder'), ms: ms.default(60_000) }),
  /** These two go with any other effect. Times on the wire are real, even under a taken-over clock. */
  z.strictObject({ kind: z.literal('latency'), ms, jitterMs: ms.default(0) }),
  z.strictObject({ kind: z.literal('slowDrip'), bytes: z.number().int().min(1).default(16), everyMs: ms.default(50) }),
]);

export const faultRuleSchema = z
  .strictObject({
    /** Below /open_api/v1.3, or `/portal/auth`. */
    path: z.string().optional(),
    advertiserId: z.string().optional(),
    audienceId: z.string().optional(),
    action: z.string().optional(),
    /** Matches a mapping call that holds this hash or one of these. */
    hash: z.union([z.string(), z.array(z.string())]).optional(),
    /** Calls it strikes (default: all), after letting `skip` matching calls pass. */
    times: z.number().int().min(1).optional(),
    skip: z.number().int().min(0).default(0),
    probability: z.number().min(0).max(1).default(1),
    effect: effectSchema,
  })
  .refine((rule) => rule.effect.kind !== 'resetBeforeRead' || !needsBody(rule), {
    message: 'resetBeforeRead happens before the body is read: match it by path only',
  });

export type FaultEffect = z.infer<typeof effectSchema>;
export type Outcome = Exclude<FaultEffect, { kind: 'latency' | 'slowDrip' }>;
export type FaultRule = z.infer<typeof faultRuleSchema>;
export type FaultRuleInput = z.input<typeof faultRuleSchema>;
export type HttpAnswer = Extract<FaultEffect, { kind: 'http' }>;
export type ListedFault = FaultRule & { readonly id: number; readonly struck: number };

/** What a rule can look at. */
export interface Subject {
  readonly path: string;
  readonly advertiserIds: readonly string[];
  readonly audienceIds: readonly string[];
  readonly action: string | null;
  /** Walks the call's hashes; only asked when a rule names some. */
  hasHash(wanted: ReadonlySet<string>): boolean;
}

export interface Strike {
  readonly outcome: Outcome | undefined;
  readonly latencyMs: number;
  readonly drip: { bytes: number; everyMs: number } | undefined;
}

export interface FaultTable {
  add(rule: FaultRule): number;
  remove(id: number): boolean;
  list(): ListedFault[];
  clear(): void;
  /** Asked as soon as the path is known, before a byte of the body is read. */
  cutsOff(path: string, random: Random): boolean;
  /** The first rule with an outcome that strikes, and every delay. */
  strike(subject: Subject, random: Random): Strike;
}

interface Armed {
  readonly id: number;
  readonly rule: FaultRule;
  readonly hashes: ReadonlySet<string> | undefined;
  seen: number;
  struck: number;
}

export function createFaultTable(): FaultTable {
  let armed: Armed[] = [];
  let lastId = 0;
  return {
    add(rule) {
      lastId += 1;
      const hashes = rule.hash === undefined ? undefined : new Set([rule.hash].flat());
      armed.push({ id: lastId, rule, hashes, seen: 0, struck: 0 });
      return lastId;
    },
    remove(id) {
      const before = armed.length;
      armed = armed.filter((one) => one.id !== id);
      return armed.length < before;
    },
    list: () => armed.map(({ id, rule, struck }) => ({ id, ...rule, struck })),
    clear() {
      armed = [];
    },
    cutsOff: (path, random) =>
      armed.some(
        (one) => one.rule.effect.kind === 'resetBeforeRead' && (one.rule.path ?? path) === path && strikes(one, random),
      ),
    strike(subject, random) {
      const matching = armed.filter((one) => matches(one, subject));
      let latencyMs = 0;
      let drip: Strike['drip'];
      for (const one of matching) {
        const { effect } = one.rule;
        if (effect.kind === 'latency' && strikes(one, random))
          latencyMs += effect.ms + random.fraction() * effect.jitterMs;
        if (effect.kind === 'slowDrip' && strikes(one, random)) drip = effect;
      }
      return { outcome: firstOutcome(matching, random), latencyMs, drip };
    },
  };
}

/** Rules behind the one that strikes do not count the call. */
function firstOutcome(matching: readonly Armed[], random: Random): Outcome | undefined {
  for (const one of matching) {
    const { effect } = one.rule;
    if (effect.kind === 'latency' || effect.kind === 'slowDrip' || effect.kind === 'resetBeforeRead') continue;
    if (strikes(one, random)) return effect;
  }
  return undefined;
}

/** Counts the call; true when it is neither skipped, used up nor spared by chance. */
function strikes(one: Armed, random: Random): boolean {
  const { times = Number.POSITIVE_INFINITY, skip, probability } = one.rule;
  one.seen += 1;
  if (one.seen <= skip || one.struck >= times) return false;
  if (probability < 1 && random.fraction() >= probability) return false;
  one.struck += 1;
  return true;
}

function matches(one: Armed, subject: Subject): boolean {
  const { path, advertiserId, audienceId, action } = one.rule;
  return (
    (path === undefined || path === subject.path) &&
    (advertiserId === undefined || subject.advertiserIds.includes(advertiserId)) &&
    (audienceId === undefined || subject.audienceIds.includes(audienceId)) &&
    (action === undefined || action === subject.action) &&
    (one.hashes === undefined || subject.hasHash(one.hashes))
  );
}

const needsBody = (rule: { [key: string]: unknown }): boolean =>
  ['advertiserId', 'audienceId', 'action', 'hash'].some((key) => rule[key] !== undefined);
