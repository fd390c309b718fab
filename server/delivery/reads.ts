/**
 * Every call leaves a row in `requests`. These change nobody's audience, so theirs is written after the answer; tokens and
 * codes stand in none of them.
 */
import type { Secret } from '../kernel/secret.ts';
import type { Answer, TikTok } from '../tiktok/tiktok.ts';
import { finishRequest, insertRequest, type RequestKind } from './requests.sql.ts';
import type { DeliveryDeps, Run } from './run.ts';
import { endOf } from './send.ts';

/** Whose calls they are. */
interface Reader extends Pick<Run, 'spaceId' | 'destinationId'> {
  /** Of the run that asks; 0 for a person's question, which needs no lease: it changes nothing, and its row is never open. */
  readonly fence: number;
}

interface Recorded {
  readonly kind: RequestKind;
  /** Null: it is about the whole connection. */
  readonly advertiserId: string | null;
  /** What must not stand in the row, whatever TikTok's words repeat (I13). */
  readonly secret: Secret | string;
}

/** TikTok as a run or a person's request sees it: what is asked is recorded like telling people is. */
export function recordingReads(deps: Pick<DeliveryDeps, 'db' | 'clock' | 'tiktok'>, reader: Reader): TikTok {
  const recorded = async <Data>(what: Recorded, ask: () => Promise<Answer<Data>>): Promise<Answer<Data>> => {
    const startedAt = new Date(deps.clock.now());
    const answer = await ask();
    // No call was made where no slot or no connection was to be had.
    if (answer.outcome.kind === 'unsent') return answer;
    const { kind, advertiserId, secret } = what;
    const hidden = typeof secret === 'string' ? secret : secret.reveal();
    const end = endOf(answer);
    const message = hidden === '' ? end.message : end.message.replaceAll(hidden, '***');
    const { spaceId, destinationId, fence } = reader;
    await deps.db.transaction(async (tx) => {
      const place = { spaceId, destinationId, fence, kind, advertiserId };
      const requestNo = await insertRequest(tx, { ...place, rows: 0, targets: [], payload: null, startedAt });
      await finishRequest(tx, requestNo, { ...end, message }, new Date(deps.clock.now()));
    });
    return answer;
  };
  const { tiktok } = deps;
  const of = (kind: RequestKind, { token: secret }: { token: Secret }, advertiserId: string | null = null) => ({
    kind,
    advertiserId,
    secret,
  });
  return {
    ...tiktok,
    listAudiences: (call, advertiserId) =>
      recorded(of('list', call, advertiserId), () => tiktok.listAudiences(call, advertiserId)),
    getAudiences: (call, advertiserId, audienceIds) =>
      recorded(of('get', call, advertiserId), () => tiktok.getAudiences(call, advertiserId, audienceIds)),
    advertisers: (call, ids) => recorded(of('accounts', call), () => tiktok.advertisers(call, ids)),
    userInfo: (call) => recorded(of('user', call), () => tiktok.userInfo(call)),
    revoke: (call) => recorded(of('revoke', call), () => tiktok.revoke(call)),
    exchange: (authCode) =>
      recorded({ kind: 'token', advertiserId: null, secret: authCode }, () => tiktok.exchange(authCode)),
  };
}
