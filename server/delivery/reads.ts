/** Every call leaves a row in `requests`; reads change nothing at TikTok, so theirs is written after the answer. */
import type { Answer, TikTok } from '../tiktok/tiktok.ts';
import { finishRequest, insertRequest } from './requests.sql.ts';
import type { DeliveryDeps, Run } from './run.ts';
import { endOf } from './send.ts';

/** Whose reads they are. */
interface Reader extends Pick<Run, 'spaceId' | 'destinationId'> {
  /** Of the run that asks; 0 for a person's question, which needs no lease: it changes nothing, and its row is never open. */
  readonly fence: number;
}

/** TikTok as a run or a person's request sees it: looking for audiences is recorded like telling people is. */
export function recordingReads(deps: Pick<DeliveryDeps, 'db' | 'clock' | 'tiktok'>, reader: Reader): TikTok {
  const recorded = async <Data>(kind: 'list' | 'get', advertiserId: string, ask: () => Promise<Answer<Data>>) => {
    const startedAt = new Date(deps.clock.now());
    const answer = await ask();
    // No call was made where no slot or no connection was to be had.
    if (answer.outcome.kind === 'unsent') return answer;
    const { spaceId, destinationId, fence } = reader;
    await deps.db.transaction(async (tx) => {
      const place = { spaceId, destinationId, fence, kind, advertiserId };
      const requestNo = await insertRequest(tx, { ...place, rows: 0, pointers: [], payload: null, startedAt });
      await finishRequest(tx, requestNo, endOf(answer), new Date(deps.clock.now()));
    });
    return answer;
  };
  const { tiktok } = deps;
  return {
    ...tiktok,
    listAudiences: (call, advertiserId) =>
      recorded('list', advertiserId, () => tiktok.listAudiences(call, advertiserId)),
    getAudiences: (call, advertiserId, audienceIds) =>
      recorded('get', advertiserId, () => tiktok.getAudiences(call, advertiserId, audienceIds)),
  };
}
