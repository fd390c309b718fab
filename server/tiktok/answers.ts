import { isObject, own } from '../kernel/json.ts';
import { Secret } from '../kernel/secret.ts';

/**
 * What `data` holds, parsed at the edge: `unknown` in, our own shapes out, undefined when what the call is about is not
 * there. Ids become texts whether TikTok sends texts or numbers (tiktok-api.md 1 and correction 5).
 */

/** One audience as `list` and `get` show it, in TikTok's words. */
export interface AudienceView {
  audienceId: string;
  name: string;
  /** `Partner` for the kind that Usher fills. */
  type: string;
  /** Matched people; stays 0 for a day or two, and below TikTok's minimum (tiktok-api.md 11). */
  coverNum: number;
  isValid: boolean;
  /** Within 60 days. */
  isExpiring: boolean;
  /** False for an audience that another account shares with this one: it cannot be changed from here. */
  isCreator: boolean;
  shared: boolean;
  /** `YYYY-MM-DD HH:MM:SS`, UTC; empty when TikTok does not say. */
  createTime: string;
  expiredTime: string;
  /** What TikTok says went wrong with it; only `get` knows. */
  errorMsg: string | null;
}
export interface AdvertiserView {
  advertiserId: string;
  name: string;
}
export interface Page<Item> {
  items: Item[];
  pages: number;
}

export const readNothing = (): null => null;

export function readCreated(data: unknown): { audienceId: string } | undefined {
  const audienceId = readId(own(data, 'audience_id'));
  return audienceId === undefined ? undefined : { audienceId };
}

export function readAudiencePage(data: unknown): Page<AudienceView> | undefined {
  const list = readList(data, (item) => readAudience(item, own(item, 'audience_type')));
  const pages = own(own(data, 'page_info'), 'total_page');
  return list && { items: list, pages: typeof pages === 'number' ? pages : 1 };
}

/** Under `get` the kind is called `type` (tiktok-api.md 5.2). */
export const readAudienceDetails = (data: unknown): AudienceView[] | undefined =>
  readList(data, (item) => {
    const details = own(item, 'audience_details');
    return readAudience(details, own(details, 'type'));
  });

/** `advertiser/info` says `name`, `oauth2/advertiser/get` says `advertiser_name`. */
export const readAdvertisers = (data: unknown): AdvertiserView[] | undefined =>
  readList(data, (item) => {
    const advertiserId = readId(own(item, 'advertiser_id'));
    if (advertiserId === undefined) return undefined;
    return {
      advertiserId,
      name: readText(own(item, 'name')) ?? readText(own(item, 'advertiser_name')) ?? advertiserId,
    };
  });

/** All fields are optional: TikTok's page and its sample disagree (tiktok-api.md 3.1). */
export const readUser = (data: unknown): { displayName: string | null } => ({
  displayName: readText(own(data, 'display_name')) ?? null,
});

export function readToken(data: unknown): { token: Secret; advertiserIds: string[]; scopes: number[] } | undefined {
  const token = readText(own(data, 'access_token'));
  if (token === undefined) return undefined;
  return {
    token: new Secret(token),
    advertiserIds: asArray(own(data, 'advertiser_ids')).map(readId).filter(isPresent),
    scopes: asArray(own(data, 'scope')).map(Number).filter(Number.isInteger),
  };
}

function readAudience(item: unknown, type: unknown): AudienceView | undefined {
  const audienceId = readId(own(item, 'audience_id'));
  if (audienceId === undefined) return undefined;
  const coverNum = own(item, 'cover_num');
  return {
    audienceId,
    name: readText(own(item, 'name')) ?? '',
    type: readText(type) ?? '',
    coverNum: typeof coverNum === 'number' ? coverNum : 0,
    isValid: own(item, 'is_valid') === true,
    isExpiring: own(item, 'is_expiring') === true,
    isCreator: own(item, 'is_creator') !== false,
    shared: own(item, 'shared') === true,
    createTime: readText(own(item, 'create_time')) ?? '',
    expiredTime: readText(own(item, 'expired_time')) ?? '',
    errorMsg: readText(own(item, 'error_msg')) ?? null,
  };
}

/** Items that cannot be read are left out; a missing list is no empty list. */
function readList<Item>(data: unknown, read: (item: unknown) => Item | undefined): Item[] | undefined {
  const list = own(data, 'list');
  return Array.isArray(list) ? list.filter(isObject).map(read).filter(isPresent) : undefined;
}

function readId(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
}

const readText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const asArray = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const isPresent = <Value>(value: Value | undefined): value is Value => value !== undefined;
