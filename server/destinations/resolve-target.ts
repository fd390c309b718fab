import type { Db, Tx } from '../db/port.ts';
import { type Clock, type Millis, minutes, seconds } from '../kernel/clock.ts';
import type { ReachCrashPoint } from '../kernel/crash-point.ts';
import type { Answer, AudienceView, Call, TikTok } from '../tiktok/tiktok.ts';
import { whyNotFeedable } from './feedable.ts';
import { selectDeleted } from './replace-target.sql.ts';
import { markUnneeded, saveSeen } from './target-looks.ts';
import type { TargetProblem } from './targets.sql.ts';
import { type AudienceChoice, block, type Claim, markReady, type Target } from './targets.ts';

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
  /** Stores what was found, only while the caller may: a node that stalled must not block what another one has found. */
  store: <Stored>(work: (tx: Tx) => Promise<Stored>) => Promise<Stored | undefined>;
  /** Whether anybody is to be added there: who only leaves makes no audience. */
  anyToAdd: (target: Target) => Promise<boolean>;
  /** The audience was deleted, and this one of its name was found: it takes the place, in the caller's transaction. */
  replace: (tx: Tx, target: Target, by: AudienceView) => Promise<Resolution>;
  reach: ReachCrashPoint;
}

/** TikTok silently cuts longer names to 67 and three dots (tiktok-api.md 4.1). Counted in UTF-16 units, the longest count. */
const audienceNameMax = 70;

export type Resolution =
  /** Stored: ready, blocked, or the same audience as another target of this destination, whose rows have to move there. */
  | Claim
  /** Stored: the audience was deleted at TikTok and made again; the people go to the new one's target. */
  | { kind: 'replaced' }
  /** There is no such audience, and nobody to add: whoever leaves it is out already. */
  | { kind: 'nobody there' }
  /** Nothing decided; look again after `after` milliseconds. */
  | { kind: 'later'; after: Millis; reason: string }
  /** TikTok did not answer the question: treat the answer like that of any other call (pause, wait, retry). */
  | { kind: 'failed'; answer: Answer<unknown> };

/**
 * Until when an audience whose create was never answered is looked for before it is created again. TikTok says nothing of
 * how soon a new audience is listed; a late list costs a duplicate, a long wait only time (tiktok-api.md 4.1).
 */
const lookForCreated = minutes(10);
const lookLater = seconds(20);

/** Finds (or, where allowed, creates) the TikTok audience of a target and stores what came out. Calls TikTok outside of transactions. */
export async function resolveTarget(
  deps: ResolveDeps,
  call: Call,
  target: Target,
  settings: { createAudiences: boolean },
): Promise<Resolution> {
  if (target.tiktokId !== null) return resolveById(deps, call, target, target.tiktokId);
  const name = target.named ?? '';
  if (name.trim() === '') return stop(deps, target, { problem: 'name', reason: 'the audience name is empty' });
  if (name.length > audienceNameMax) {
    const reason = `the audience name has ${name.length} characters; TikTok allows ${audienceNameMax}`;
    return stop(deps, target, { problem: 'name', reason });
  }
  const listed = await audiencesNamed(deps, call, target, name);
  if (!Array.isArray(listed)) return { kind: 'failed', answer: listed };
  const unanswered = await deps.creates.unanswered(target);
  const usable = listed.filter((audience) => whyNotFeedable(audience) === undefined);
  const [only] = usable;
  if (usable.length > 1) return stop(deps, target, { problem: 'several', reason: severalAlike(target, name) }, usable);
  if (only) return claim(deps, target, only, unanswered !== undefined);
  if (unanswered !== undefined && deps.clock.now() - unanswered.getTime() < lookForCreated) {
    const reason = `an earlier request to create "${name}" was not answered; looking for it`;
    return { kind: 'later', after: lookLater, reason };
  }
  return noneUsable(deps, call, target, { name, other: listed[0], mayCreate: settings.createAudiences });
}

/** No audience of that name can be fed: who only leaves is out already; for others one is made, where that is allowed. */
async function noneUsable(
  deps: ResolveDeps,
  call: Call,
  target: Target,
  found: { name: string; other: AudienceView | undefined; mayCreate: boolean },
): Promise<Resolution> {
  const { name, other } = found;
  // Rule 12: an exit of an audience that nobody was ever added to must not leave an empty one at TikTok.
  if (!target.createOnce && !(await deps.anyToAdd(target))) {
    const reason = nobodyThere(target, name);
    const told = await deps.store((tx) => markUnneeded(tx, deps.clock, target.id, reason).then(() => true));
    return told ? { kind: 'nobody there' } : leaseLost;
  }
  // One of another type or another owner may have the name as well, but somebody may have meant it.
  if (other && !target.createOnce)
    return stop(deps, target, { problem: 'not-feedable', reason: notFeedable(target, other) }, [other]);
  if (!found.mayCreate && !target.createOnce)
    return stop(deps, target, { problem: 'none', reason: noneAlike(target, name) });
  return create(deps, call, target, name);
}

/** Exact and case-sensitive, as the seed's destination compares (segment-spec.md 7.3, step 3), without those known to be deleted. */
async function audiencesNamed(
  deps: ResolveDeps,
  call: Call,
  target: Target,
  name: string,
): Promise<AudienceView[] | Answer<unknown>> {
  const listed = await deps.tiktok.listAudiences(call, target.advertiserId);
  if (listed.outcome.kind !== 'ok' || listed.data === undefined) return listed;
  const deleted = new Set((await selectDeleted(deps.db, target)).map((row) => row.tiktok_id));
  return listed.data.filter((audience) => audience.name === name && !deleted.has(audience.audienceId));
}

async function resolveById(deps: ResolveDeps, call: Call, target: Target, audienceId: string): Promise<Resolution> {
  const answer = await deps.tiktok.getAudiences(call, target.advertiserId, [audienceId]);
  const known = answer.outcome.kind === 'ok' && answer.data !== undefined;
  if (!known && answer.outcome.kind !== 'gone') return { kind: 'failed', answer };
  const view = answer.data?.find((audience) => audience.audienceId === audienceId);
  if (view === undefined) return deleted(deps, call, target, audienceId);
  if (whyNotFeedable(view) !== undefined)
    return stop(deps, target, { problem: 'not-feedable', reason: notFeedable(target, view) });
  return claim(deps, target, view, false);
}

/**
 * The id is gone, so the name may be looked up again (rule 12): one new audience of that name takes the place. Two looks
 * have to agree that the old one is gone, and Usher makes none unasked: whoever deleted it may have wanted nobody there.
 */
async function deleted(deps: ResolveDeps, call: Call, target: Target, audienceId: string): Promise<Resolution> {
  const gone = {
    problem: 'gone',
    reason: wasThere(target) ? goneSentence(target) : notThere(target, audienceId),
  } as const;
  if (target.named === null || target.problem !== 'gone') return stop(deps, target, gone);
  const listed = await audiencesNamed(deps, call, target, target.named);
  if (!Array.isArray(listed)) return { kind: 'failed', answer: listed };
  const usable = listed.filter((audience) => audience.audienceId !== audienceId && !whyNotFeedable(audience));
  const [only] = usable;
  if (usable.length > 1) return stop(deps, target, gone, usable);
  if (!only) return stop(deps, target, gone);
  return (await deps.store((tx) => deps.replace(tx, target, only))) ?? leaseLost;
}

async function create(deps: ResolveDeps, call: Call, target: Target, name: string): Promise<Resolution> {
  const settle = await deps.creates.announce(target);
  if (settle === undefined) return leaseLost;
  const answer = await deps.tiktok.createAudience(call, target.advertiserId, name);
  deps.reach('targets: created at TikTok, not stored');
  const { data } = answer;
  if (answer.outcome.kind === 'ok' && data !== undefined) {
    return settle(answer, (tx) => markReady(tx, deps.clock, target, { tiktokId: data.audienceId, madeByUs: true }));
  }
  await settle(answer, async () => {});
  return { kind: 'failed', answer };
}

async function claim(deps: ResolveDeps, target: Target, view: AudienceView, madeByUs: boolean): Promise<Resolution> {
  const stored = await deps.store(async (tx) => {
    const claimed = await markReady(tx, deps.clock, target, { tiktokId: view.audienceId, madeByUs });
    if (claimed.kind === 'ready') await saveSeen(tx, deps.clock, target.id, view);
    return claimed;
  });
  return stored ?? leaseLost;
}

async function stop(
  deps: ResolveDeps,
  target: Target,
  why: { problem: TargetProblem; reason: string },
  alike?: readonly AudienceView[],
): Promise<Resolution> {
  const told = alike ? { ...why, choices: alike.map(viewToChoice) } : why;
  const stored = await deps.store((tx) => block(tx, deps.clock, target.id, told).then(() => true));
  return stored ? { kind: 'blocked', ...why } : leaseLost;
}

const leaseLost: Resolution = {
  kind: 'later',
  after: lookLater,
  reason: 'another node sends for this destination now',
};

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

const nobodyThere = (target: Target, name: string): string =>
  `nothing to remove: advertiser ${target.advertiserId} has no audience named "${name}". It is looked for again with the next change.`;

const notThere = (target: Target, audienceId: string): string =>
  `advertiser ${target.advertiserId} has no audience with the id ${audienceId}`;

const wasThere = (target: Target): boolean => target.seen !== null || target.madeByUsAt !== null;

/** For a target that was fed. What is owed is kept for the audience that takes the place. */
export const goneSentence = (target: Pick<Target, 'named' | 'tiktokId' | 'advertiserId'>): string =>
  `the audience ${target.named === null ? '' : `"${target.named}" `}(id ${target.tiktokId}) of advertiser ${target.advertiserId} was deleted at TikTok. Its people are remembered here: have it created again or choose another one (resolve). Usher does not make it again unasked; one that is made at TikTok with the same name is found.`;
