import { Secret } from '../../server/kernel/secret.ts';
import type { Answer, AudienceView, Outcome, TikTok } from '../../server/tiktok/tiktok.ts';

/** A TikTok for the cores of destinations and the API, where the sandbox would only be slower. Test people and tokens are invented. */
export interface FakeTikTok extends TikTok {
  audiences: Map<string, AudienceView[]>;
  names: Map<string, string>;
  /** What the next calls of a kind answer instead; taken in order. */
  next: Partial<Record<'create' | 'list' | 'get' | 'advertisers' | 'exchange' | 'revoke', Answer<never>[]>>;
  calls: string[];
  grant: { token: string; advertiserIds: string[]; scopes: number[] };
}

export const answerOf = <Data>(kind: Outcome['kind'], data?: Data, message = 'OK'): Answer<Data> => ({
  outcome: { kind } as Outcome,
  data,
  httpStatus: kind === 'unknown' ? null : 200,
  code: kind === 'ok' ? 0 : kind === 'unauthorized' ? 40105 : kind === 'unknown' ? null : 40002,
  message,
  requestId: '202608',
  durationMs: 1,
});

export const audienceView = (audienceId: string, name: string, change: Partial<AudienceView> = {}): AudienceView => ({
  audienceId,
  name,
  type: 'Partner',
  coverNum: 0,
  isValid: false,
  isExpiring: false,
  isCreator: true,
  shared: false,
  createTime: '2026-01-01 00:00:00',
  expiredTime: '2027-01-01 00:00:00',
  errorMsg: null,
  ...change,
});

export function fakeTikTok(): FakeTikTok {
  let made = 500;
  const fake: FakeTikTok = {
    audiences: new Map(),
    names: new Map(),
    next: {},
    calls: [],
    grant: { token: 'canary-access-token-0123456789abcdef', advertiserIds: ['7001', '7002'], scopes: [3, 100] },
    configured: true,
    budget: {
      take: async () => ({ throttled() {}, passed() {} }),
      setShare() {},
      setLimits() {},
      pausedFor: () => 0 as never,
    },
    mapping: async () => answerOf<null>('ok', null),
    async createAudience(_, advertiserId, name) {
      const scripted = take('create');
      made += 1;
      const audienceId = String(made);
      // An unknown outcome here means that it happened; a refusal that it did not.
      if (!scripted || scripted.outcome.kind === 'unknown') {
        fake.audiences.set(advertiserId, [...(fake.audiences.get(advertiserId) ?? []), audienceView(audienceId, name)]);
      }
      return scripted ?? answerOf('ok', { audienceId });
    },
    deleteAudience: async () => answerOf<null>('ok', null),
    listAudiences: async (_, advertiserId) =>
      take('list') ?? answerOf('ok', [...(fake.audiences.get(advertiserId) ?? [])]),
    getAudiences: async (_, advertiserId, ids) =>
      take('get') ??
      answerOf(
        'ok',
        (fake.audiences.get(advertiserId) ?? []).filter((a) => ids.includes(a.audienceId)),
      ),
    advertisers: async (_, ids) =>
      take('advertisers') ??
      answerOf(
        'ok',
        ids.flatMap((id) => (fake.names.has(id) ? [{ advertiserId: id, name: fake.names.get(id) ?? '' }] : [])),
      ),
    reachableAdvertisers: async () => answerOf('ok', []),
    userInfo: async () => answerOf('ok', { displayName: null }),
    authorizeUrl: (state, redirectUri) =>
      `https://tiktok.example/portal/auth?${new URLSearchParams({ app_id: '1', state, redirect_uri: redirectUri })}`,
    exchange: async (code) => {
      fake.calls.push(`exchange ${code}`);
      const { token, advertiserIds, scopes } = fake.grant;
      return take('exchange', false) ?? answerOf('ok', { token: new Secret(token), advertiserIds, scopes });
    },
    revoke: async () => take('revoke') ?? answerOf<null>('ok', null),
    close: async () => {},
  };
  function take(kind: keyof FakeTikTok['next'], count = true): Answer<never> | undefined {
    if (count) fake.calls.push(kind);
    return fake.next[kind]?.shift();
  }
  return fake;
}
