import {
  type AdvertiserView,
  type AudienceView,
  readAdvertisers,
  readAudienceDetails,
  readAudiencePage,
} from './answers.ts';
import { type Answer, ask, type Call, type CallDeps, refuse } from './calls.ts';
import { limits } from './wire.ts';

/** An account holds 400 audiences and some shared ones (tiktok-api.md 11); a hundred pages are 10,000. */
const pagesMax = 100;

/** All pages. The order of the list is undocumented and may move while it is read: each audience once. */
export async function listAllAudiences(
  deps: CallDeps,
  call: Call,
  advertiserId: string,
): Promise<Answer<AudienceView[]>> {
  const found = new Map<string, AudienceView>();
  const until = remaining(deps, call);
  for (let page = 1; ; page++) {
    const answer = await ask(deps, {
      endpoint: 'audienceList',
      call: until(),
      advertiserId,
      query: { advertiser_id: advertiserId, page: String(page), page_size: String(limits.pageSize) },
      read: readAudiencePage,
    });
    if (!answer.data) return { ...answer, data: undefined };
    for (const audience of answer.data.items) found.set(audience.audienceId, audience);
    const last = page >= answer.data.pages || answer.data.items.length === 0;
    if (last || page === pagesMax) {
      // Not everything is no list: somebody would create an audience that stands on the next page.
      const outcome = last ? answer.outcome : ({ kind: 'retry', slow: true } as const);
      return { ...answer, outcome, data: last ? [...found.values()] : undefined };
    }
  }
}

/** Unknown ids are absent, whether TikTok leaves them out or refuses the whole question because of one (Q4, Q17). */
export async function findAudiences(
  deps: CallDeps,
  call: Call,
  advertiserId: string,
  audienceIds: readonly string[],
): Promise<Answer<AudienceView[]>> {
  const until = remaining(deps, call);
  const question = (ids: readonly string[]): Promise<Answer<AudienceView[]>> =>
    ask(deps, {
      endpoint: 'audienceGet',
      call: until(),
      advertiserId,
      query: { advertiser_id: advertiserId, custom_audience_ids: JSON.stringify(ids), history_size: '1' },
      read: readAudienceDetails,
    });
  const halving = async (ids: readonly string[]): Promise<Answer<AudienceView[]>> => {
    const answer = await question(ids);
    const perhapsOneOfThem = answer.outcome.kind === 'gone' || answer.outcome.kind === 'refused';
    if (!perhapsOneOfThem) return answer;
    if (ids.length > 1) return inParts(ids, Math.ceil(ids.length / 2), halving);
    const absent = answer.outcome.kind === 'gone' || /audience/i.test(answer.message);
    return absent ? { ...answer, outcome: { kind: 'ok' }, data: [] } : answer;
  };
  return inParts(audienceIds, limits.audienceIdsPerGet, halving);
}

export async function namesOfAdvertisers(
  deps: CallDeps,
  call: Call,
  ids: readonly string[],
): Promise<Answer<AdvertiserView[]>> {
  const until = remaining(deps, call);
  return inParts(ids, limits.advertisersPerCall, (part) =>
    ask(deps, {
      endpoint: 'advertiserInfo',
      call: until(),
      query: { advertiser_ids: JSON.stringify(part), fields: JSON.stringify(['advertiser_id', 'name']) },
      read: readAdvertisers,
    }),
  );
}

/** One part after the other; the first answer that is no success is the answer. */
async function inParts<Item>(
  ids: readonly string[],
  size: number,
  askPart: (part: readonly string[]) => Promise<Answer<Item[]>>,
): Promise<Answer<Item[]>> {
  const found: Item[] = [];
  let last: Answer<Item[]> = { ...refuse<Item[]>({ kind: 'ok' }, 'nothing to ask'), data: [] };
  for (let from = 0; from < ids.length; from += size) {
    last = await askPart(ids.slice(from, from + size));
    if (!last.data) return last;
    found.push(...last.data);
  }
  return { ...last, data: found };
}

/** The deadline is one for all calls of a series. */
function remaining(deps: CallDeps, call: Call): () => Call {
  if (call.deadlineMs === undefined) return () => call;
  const end = deps.clock.elapsed() + call.deadlineMs;
  return () => ({ ...call, deadlineMs: Math.max(0, end - deps.clock.elapsed()) });
}
