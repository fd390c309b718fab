/**
 * TikTok's API for Business, as far as Usher needs it: one function per thing to do, each answering with an `Answer` whose
 * `outcome` says what the caller should consider. It knows no database, keeps no token, and sends everything once.
 */
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import { invariant } from '../kernel/result.ts';
import { Secret } from '../kernel/secret.ts';
import {
  type AdvertiserView,
  type AudienceView,
  readAdvertisers,
  readCreated,
  readNothing,
  readToken,
  readUser,
} from './answers.ts';
import { findAudiences, listAllAudiences, namesOfAdvertisers } from './audience-reads.ts';
import { type Budget, createBudget } from './budget.ts';
import { type Answer, ask, type Call, type CallDeps, refuse } from './calls.ts';
import { codeMeaning, codeRows } from './codes.ts';
import { createHttp } from './http.ts';
import { type MappingBatch, mappingBody } from './mapping-body.ts';
import type { BudgetLimits } from './pace.ts';
import { limits } from './wire.ts';

export type { AdvertiserView, AudienceView } from './answers.ts';
export type { Budget, Slot } from './budget.ts';
export type { Answer, Call } from './calls.ts';
export type { CodeClass, CodeMeaning } from './codes.ts';
export type { HashType, MappingBatch } from './mapping-body.ts';
export type { Outcome } from './outcome.ts';
export type { BudgetLimits } from './pace.ts';
export { codeMeaning, codeRows };

export interface TikTokSettings {
  appId: string | undefined;
  appSecret: Secret | undefined;
  /** `https://business-api.tiktok.com/open_api/v1.3`, or the sandbox's; a slash at the end does not matter. */
  apiUrl: string;
  /** `https://business-api.tiktok.com/portal/auth`. */
  authUrl: string;
  /** Of one exchange, from the first byte to the last. */
  timeoutMs: number;
  limits?: BudgetLimits;
}

export interface TikTok {
  /** Adds people to audiences or removes them. Sets, not events: the same call twice is one (tiktok-api.md 11). */
  mapping(call: Call, request: MappingBatch): Promise<Answer<null>>;
  /** Names are not unique on TikTok: after `unknown`, look by name before trying again. At most 70 characters. */
  createAudience(call: Call, advertiserId: string, name: string): Promise<Answer<{ audienceId: string }>>;
  /** Irreversible. */
  deleteAudience(call: Call, advertiserId: string, audienceId: string): Promise<Answer<null>>;
  /** All of them, owned and shared. The answer is that of the last page read. */
  listAudiences(call: Call, advertiserId: string): Promise<Answer<AudienceView[]>>;
  /** Those that exist; unknown ids are absent. */
  getAudiences(call: Call, advertiserId: string, audienceIds: string[]): Promise<Answer<AudienceView[]>>;
  advertisers(call: Call, ids: string[]): Promise<Answer<AdvertiserView[]>>;
  /** The accounts that the token reaches, also for a token that did not come from `exchange`. */
  reachableAdvertisers(call: Call): Promise<Answer<AdvertiserView[]>>;
  /** The cheapest check of a token. */
  userInfo(call: Call): Promise<Answer<{ displayName: string | null }>>;
  /** Where to send the user's browser (tiktok-api.md 2.1). */
  authorizeUrl(state: string, redirectUri: string): string;
  /** Turns the code of the redirect into a token; a code lives an hour and serves once. */
  exchange(authCode: string): Promise<Answer<{ token: Secret; advertiserIds: string[]; scopes: number[] }>>;
  revoke(call: Call): Promise<Answer<null>>;
  /** App id and secret are set. */
  readonly configured: boolean;
  readonly budget: Budget;
  /** Closes the connections; calls in flight end as `unknown`. */
  close(): Promise<void>;
}

export function createTikTok(parts: { settings: TikTokSettings; clock: Clock; random: Random; log: Log }): TikTok {
  const { settings, clock, random, log } = parts;
  const http = createHttp({ clock }, settings.timeoutMs);
  const budget = createBudget({ clock, random }, settings.limits);
  const deps: CallDeps = {
    apiUrl: settings.apiUrl.replace(/\/+$/, ''),
    timeoutMs: settings.timeoutMs,
    clock,
    log,
    http,
    budget,
  };
  return {
    ...audienceCalls(deps),
    ...consentCalls(deps, settings),
    userInfo: (call) => ask(deps, { endpoint: 'userInfo', call, read: readUser }),
    advertisers: (call, ids) => namesOfAdvertisers(deps, call, ids),
    configured: appOf(settings) !== undefined,
    budget,
    close: () => http.close(),
  };
}

function audienceCalls(
  deps: CallDeps,
): Pick<TikTok, 'mapping' | 'createAudience' | 'deleteAudience' | 'listAudiences' | 'getAudiences'> {
  return {
    mapping: (call, batch) =>
      ask(deps, {
        endpoint: 'segmentMapping',
        call,
        advertiserId: batch.advertiserId,
        body: mappingBody(batch),
        read: readNothing,
      }),
    async createAudience(call, advertiserId, name) {
      // TikTok would cut a longer name without a word, and then no look by name would find it (tiktok-api.md 4.1).
      if (name.trim() !== name || name === '' || name.length > limits.audienceName) {
        return refuse(
          { kind: 'refused' },
          `an audience's name has 1 to ${limits.audienceName} characters, no space around`,
        );
      }
      return ask(deps, {
        endpoint: 'segmentAudience',
        call,
        advertiserId,
        body: { advertiser_id: advertiserId, action: 'create', custom_audience_name: name },
        read: readCreated,
      });
    },
    deleteAudience: (call, advertiserId, audienceId) =>
      ask(deps, {
        endpoint: 'segmentAudience',
        call,
        advertiserId,
        body: { advertiser_id: advertiserId, action: 'delete', delete_audience_id: audienceId },
        read: readNothing,
      }),
    listAudiences: (call, advertiserId) => listAllAudiences(deps, call, advertiserId),
    getAudiences: (call, advertiserId, audienceIds) => findAudiences(deps, call, advertiserId, audienceIds),
  };
}

function consentCalls(
  deps: CallDeps,
  settings: TikTokSettings,
): Pick<TikTok, 'authorizeUrl' | 'exchange' | 'revoke' | 'reachableAdvertisers'> {
  const app = appOf(settings);
  return {
    authorizeUrl(state, redirectUri) {
      invariant(app, 'consent needs a TikTok app: ask `configured` first');
      return `${settings.authUrl}?${new URLSearchParams({ app_id: app.id, state, redirect_uri: redirectUri })}`;
    },
    async exchange(authCode) {
      if (!app) return notConfigured();
      return ask(deps, {
        endpoint: 'accessToken',
        call: {},
        body: { app_id: app.id, secret: app.secret.reveal(), auth_code: authCode },
        read: readToken,
        secrets: [app.secret, new Secret(authCode)],
      });
    },
    async revoke(call) {
      if (!app) return notConfigured();
      return ask(deps, {
        endpoint: 'revokeToken',
        call,
        body: { app_id: app.id, secret: app.secret.reveal(), access_token: call.token.reveal() },
        read: readNothing,
        secrets: [app.secret],
      });
    },
    async reachableAdvertisers(call) {
      if (!app) return notConfigured();
      return ask(deps, {
        endpoint: 'oauthAdvertisers',
        call,
        query: { app_id: app.id, secret: app.secret.reveal() },
        read: readAdvertisers,
        secrets: [app.secret],
      });
    },
  };
}

const appOf = ({ appId, appSecret }: TikTokSettings): { id: string; secret: Secret } | undefined =>
  appId && appSecret ? { id: appId, secret: appSecret } : undefined;

const notConfigured = <Data>(): Answer<Data> =>
  refuse({ kind: 'config' }, 'TIKTOK_APP_ID and TIKTOK_APP_SECRET are not set');
