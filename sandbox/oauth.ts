import { err } from '../server/kernel/result.ts';
import { paths } from '../server/tiktok/wire.ts';
import { noAdvertiser, type Refusal, refusals } from './answer.ts';
import { answering, doing, type Endpoint, endpoint } from './endpoint.ts';
import { findApp, issueToken, liveToken, type Token, type World } from './state.ts';

/** Accounts are asked for by up to 100 ids (tiktok-api.md 3.2). */
const advertisersMax = 100;

/** Section 2.2. */
const accessToken = endpoint({
  path: paths.accessToken,
  method: 'POST',
  access: 'open',
  read: (fields) => ({
    appId: fields.text('app_id'),
    secret: fields.text('secret'),
    code: fields.text('auth_code'),
    withAdvertisers: fields.flag('return_advertiser_ids', true),
  }),
  advertisers: () => [],
  plan({ appId, secret, code, withAdvertisers }, world) {
    const refusal = appRefusal(world, appId, secret);
    if (refusal) return err(refusal);
    const found = world.codes.get(code);
    if (!found || found.appId !== appId) return err(refusals.badCode);
    if (found.used || found.expiresAt <= world.clock.now()) return err(refusals.spentCode);
    return doing([], () => {
      found.used = true;
      const token = issueToken(world, appId, found.grant);
      const advertiser_ids = withAdvertisers ? token.advertiserIds : [];
      return { access_token: token.value, advertiser_ids, scope: token.scope };
    });
  },
});

/** Section 2.3. */
const oauthAdvertisers = endpoint({
  path: paths.oauthAdvertisers,
  method: 'GET',
  access: 'account',
  read: (fields) => ({ appId: fields.text('app_id'), secret: fields.text('secret') }),
  advertisers: () => [],
  plan({ appId, secret }, world, token) {
    if (token?.appId !== appId || findApp(world, appId)?.secret !== secret) return err(refusals.otherApp);
    const list = token.advertiserIds.flatMap((id) => {
      const advertiser = world.advertisers.get(id);
      return advertiser ? [{ advertiser_id: id, advertiser_name: advertiser.name }] : [];
    });
    return answering({ list });
  },
});

/** Section 2.4. */
const revokeToken = endpoint({
  path: paths.revokeToken,
  method: 'POST',
  access: 'any',
  read: (fields) => ({
    appId: fields.text('app_id'),
    secret: fields.text('secret'),
    value: fields.text('access_token'),
  }),
  advertisers: () => [],
  plan({ appId, secret, value }, world) {
    const refusal = appRefusal(world, appId, secret);
    if (refusal) return err(refusal);
    const token = liveToken(world, value);
    if (!token) return err(refusals.badToken);
    if (token.appId !== appId) return err(refusals.otherApp);
    return doing([], () => {
      token.revoked = true;
      return { app_id: appId, advertiser_ids: token.advertiserIds };
    });
  },
});

/** Section 3.1. */
const userInfo = endpoint({
  path: paths.userInfo,
  method: 'GET',
  access: 'any',
  read: () => ({}),
  advertisers: () => [],
  plan: (_, __, token) => answering(token ? userOf(token) : {}),
});

/** Section 3.2. */
const advertiserInfo = endpoint({
  path: paths.advertiserInfo,
  method: 'GET',
  access: 'account',
  read: (fields) => ({
    ids: fields.idList('advertiser_ids', { min: 1, max: advertisersMax, overCode: 40011 }),
    wanted: fields.has('fields') ? fields.textList('fields') : undefined,
  }),
  advertisers: ({ ids }) => ids,
  plan({ ids, wanted }, world) {
    const unknown = ids.find((id) => !world.advertisers.has(id));
    if (unknown !== undefined) return err(noAdvertiser(unknown));
    const picked = (info: Record<string, unknown>): Record<string, unknown> =>
      wanted ? Object.fromEntries(Object.entries(info).filter(([name]) => wanted.includes(name))) : info;
    return answering({ list: ids.map((id) => picked(infoOf(world, id))) });
  },
});

export const oauthEndpoints: readonly Endpoint[] = [
  accessToken,
  oauthAdvertisers,
  revokeToken,
  userInfo,
  advertiserInfo,
];

const appRefusal = (world: World, appId: string, secret: string): Refusal | undefined =>
  findApp(world, appId)?.secret === secret ? undefined : refusals.badApp;

const names = { admin: 'Sandbox Admin', operator: 'Sandbox Operator', analyst: 'Sandbox Analyst' } as const;

const userOf = (token: Token): Record<string, unknown> => ({
  core_user_id: { admin: '7300000000000000001', operator: '7300000000000000002', analyst: '7300000000000000003' }[
    token.role
  ],
  display_name: names[token.role],
  email: 's***x@example.org',
  create_time: 1_700_000_000,
});

function infoOf(world: World, id: string): Record<string, unknown> {
  const advertiser = world.advertisers.get(id);
  return {
    advertiser_id: id,
    name: advertiser?.name,
    status: 'STATUS_ENABLE',
    role: 'ROLE_ADVERTISER',
    company: advertiser?.name,
    currency: 'USD',
    timezone: 'Etc/GMT+5',
    display_timezone: 'America/New_York',
    country: 'US',
    language: 'en',
    industry: '292801',
    advertiser_account_type: 'AUCTION',
    owner_bc_id: advertiser?.businessId,
    balance: 0,
    create_time: 1_700_000_000,
    rejection_reason: '-',
  };
}
