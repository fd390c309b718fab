import type { Db, Tx } from '../db/port.ts';
import { type Clock, type Millis, minutes, seconds } from '../kernel/clock.ts';
import type { ReachCrashPoint } from '../kernel/crash-point.ts';
import type { Answer, AudienceView, Call, TikTok } from '../tiktok/tiktok.ts';
import { whyNotFeedable } from './feedable.ts';
import { type AudienceChoice, block, type Claim, markReady, saveSeen, type Target } from './targets.ts';

/**
 * The record of create calls, kept by delivery in `requests`. TikTok lets two audiences have one name and knows no
 * idempotency key (tiktok-api.md 4.1), so a create is announced before the call and settled together with its effect.
 */
export interface CreateRecord {
  /** When the last create of this target without a known answer was begun: still open, or its outcome unknown. */
  unanswered(target: Target): Promise<Date | undefined>;
  /** Commits the requests row. Undefined: not allowed to call now (the lease is lost). */
  announce(target: Target): Promise<SettleCreate | undefined>;
}

/** Writes the outcome, and in the same transaction `store`. */
export type SettleCreate = <Stored>(answer: Answer<unknown>, store: (tx: Tx) => Promise<Stored>) => Promise<Stored>;

export interface ResolveDeps {
  db: Db;
  clock: Clock;
  tiktok: TikTok;
  creates: CreateRecord;
  reach: ReachCrashPoint;
}

/** TikTok silently cuts longer names to 67 and three dots (tiktok-api.md 4.1). Counted in UTF-16 units, the longest count. */
const audienceNameMax = 70;

export type Resolution =
  /** Stored: ready, blocked, or the same audience as another target of this destination, whose rows have to move there. */
  | Claim
  /** Nothing decided; look again after `after` milliseconds. */
  | { kind: 'later'; after: Millis; reason: string }
  /** TikTok did not answer the question: treat the answer like that of any other call (pause, wait, retry). */
  | { kind: 'failed'; answer: Answer<unknown> };

/**
 * Until when an audience whose create was never answered is looked for before it is created again. TikTok says nothing of
 * how soon a new audience is listed; a late list costs a duplicate, a long wait only time (tiktok-api.md 4.1).
 */
const lookForCreated = minutes(10);
const lookAgain = seconds(20);

/** Finds (or, where allowed, creates) the TikTok audience of a target and stores what came out. Calls TikTok outside of transactions. */
export async function resolveTarget(
  deps: ResolveDeps,
  call: Call,
  target: Target,
  settings: { createAudiences: boolean },
): Promise<Resolution> {
  if (target.tiktokId !== null) return resolveById(deps, call, target, target.tiktokId);
  const name = target.named ?? '';
  if (name.trim() === '') return stop(deps, target, 'the audience name is empty');
  if (name.length > audienceNameMax) {
    return stop(deps, target, `the audience name has ${name.length} characters; TikTok allows ${audienceNameMax}`);
  }
  const listed = await deps.tiktok.listAudiences(call, target.advertiserId);
  if (listed.outcome.kind !== 'ok' || listed.data === undefined) return { kind: 'failed', answer: listed };
  const unanswered = await deps.creates.unanswered(target);
  // Exact and case-sensitive, as the seed's destination compares (segment-spec.md 7.3, step 3).
  const alike = listed.data.filter((audience) => audience.name === name);
  const usable = alike.filter((audience) => whyNotFeedable(audience) === undefined);
  const [only] = usable;
  if (usable.length > 1) return stop(deps, target, severalAlike(target, name), usable.map(viewToChoice));
  if (only) return claim(deps, target, only, unanswered !== undefined);
  const [other] = alike;
  if (other) return stop(deps, target, notFeedable(target, other), alike.map(viewToChoice));
  if (unanswered !== undefined && deps.clock.now() - unanswered.getTime() < lookForCreated) {
    return {
      kind: 'later',
      after: lookAgain,
      reason: `an earlier request to create "${name}" was not answered; looking for it`,
    };
  }
  if (!settings.createAudiences) return stop(deps, target, noneAlike(target, name));
  return create(deps, call, target, name);
}

async function resolveById(deps: ResolveDeps, call: Call, target: Target, audienceId: string): Promise<Resolution> {
  const answer = await deps.tiktok.getAudiences(call, target.advertiserId, [audienceId]);
  if (answer.outcome.kind === 'gone') return stop(deps, target, notThere(target, audienceId));
  if (answer.outcome.kind !== 'ok' || answer.data === undefined) return { kind: 'failed', answer };
  const view = answer.data.find((audience) => audience.audienceId === audienceId);
  if (view === undefined) return stop(deps, target, notThere(target, audienceId));
  if (whyNotFeedable(view) !== undefined) return stop(deps, target, notFeedable(target, view));
  return claim(deps, target, view, false);
}

async function create(deps: ResolveDeps, call: Call, target: Target, name: string): Promise<Resolution> {
  const settle = await deps.creates.announce(target);
  if (settle === undefined) return { kind: 'later', after: lookAgain, reason: 'not allowed to call TikTok now' };
  const answer = await deps.tiktok.createAudience(call, target.advertiserId, name);
  deps.reach('targets: created at TikTok, not stored');
  const { data } = answer;
  if (answer.outcome.kind === 'ok' && data !== undefined) {
    return settle(answer, (tx) => markReady(tx, deps.clock, target, { tiktokId: data.audienceId, madeByUs: true }));
  }
  await settle(answer, async () => {});
  return { kind: 'failed', answer };
}

async function claim(deps: ResolveDeps, target: Target, view: AudienceView, madeByUs: boolean): Promise<Claim> {
  return deps.db.transaction(async (tx) => {
    const claimed = await markReady(tx, deps.clock, target, { tiktokId: view.audienceId, madeByUs });
    if (claimed.kind === 'ready') await saveSeen(tx, deps.clock, target.id, view);
    return claimed;
  });
}

async function stop(
  deps: ResolveDeps,
  target: Target,
  reason: string,
  choices?: readonly AudienceChoice[],
): Promise<Claim> {
  await deps.db.transaction((tx) => block(tx, deps.clock, target.id, choices ? { reason, choices } : { reason }));
  return { kind: 'blocked', reason };
}

const viewToChoice = (view: AudienceView): AudienceChoice => ({
  audienceId: view.audienceId,
  name: view.name,
  type: view.type,
  size: view.coverNum,
  createdAt: view.createTime,
});

const severalAlike = (target: Target, name: string): string =>
  `advertiser ${target.advertiserId} has several audiences named "${name}"; choose one of them`;

const notFeedable = (target: Target, view: AudienceView): string =>
  `the audience "${view.name}" of advertiser ${target.advertiserId} ${whyNotFeedable(view)}`;

const noneAlike = (target: Target, name: string): string =>
  `advertiser ${target.advertiserId} has no audience named "${name}"; create it, or let this destination create audiences`;

const notThere = (target: Target, audienceId: string): string =>
  `advertiser ${target.advertiserId} has no audience with the id ${audienceId}`;
