/**
 * What goes over the wire to and from TikTok's API for Business v1.3: paths, requests, answers. Facts and their
 * confidence: tiktok-api.md (the sections named below). Read by the client here and by the sandbox, which plays TikTok's
 * part; therefore no client logic and no dependency.
 */

/** Section 1. Every path of the API stands below this one. */
export const apiBase = '/open_api/v1.3';
/** Section 2.1. Stands on the same host, outside `apiBase`. */
export const consentPath = '/portal/auth';

/** Below `apiBase`, always with the trailing slash: without it some endpoints answer with a bare 404 (section 1). */
export const paths = {
  accessToken: '/oauth2/access_token/',
  oauthAdvertisers: '/oauth2/advertiser/get/',
  revokeToken: '/oauth2/revoke_token/',
  userInfo: '/user/info/',
  advertiserInfo: '/advertiser/info/',
  segmentAudience: '/segment/audience/',
  segmentMapping: '/segment/mapping/',
  audienceList: '/dmp/custom_audience/list/',
  audienceGet: '/dmp/custom_audience/get/',
  audienceDelete: '/dmp/custom_audience/delete/',
} as const;
export type Endpoint = keyof typeof paths;
export const endpoints = Object.keys(paths) as readonly Endpoint[];

export const methods: Readonly<Record<Endpoint, 'GET' | 'POST'>> = {
  accessToken: 'POST',
  oauthAdvertisers: 'GET',
  revokeToken: 'POST',
  userInfo: 'GET',
  advertiserInfo: 'GET',
  segmentAudience: 'POST',
  segmentMapping: 'POST',
  audienceList: 'GET',
  audienceGet: 'GET',
  audienceDelete: 'POST',
};

export const tokenHeader = 'Access-Token';

/** Section 1.1. `code` 0 is success; `data` may be absent or null on an error. */
export interface Envelope<Data> {
  code: number;
  message: string;
  request_id: string;
  data: Data;
}
/** What a call without a result carries (section 4.2). */
export type Nothing = Record<string, never>;

/** Section 4.2. The six types of `/segment/mapping/`; `GAID_*`, `MAID_*` and `FIRST_*` belong to the file route. */
export const idTypes = ['EMAIL_SHA256', 'PHONE_SHA256', 'IDFA_SHA256', 'AAID_SHA256', 'IDFA_MD5', 'AAID_MD5'] as const;
export type IdType = (typeof idTypes)[number];

/** Limits of single calls, sections 4.1, 4.2, 5.1 and 3.2 (the last two: `custom_audience_ids`, peers' batch). */
export const limits = {
  /** Longer names are cut by TikTok to 67 + `...`. */
  audienceName: 70,
  /** Braze's documentation; TikTok's own page is silent (Q3). */
  mappingRows: 10_000,
  pageSize: 100,
  audienceIdsPerGet: 100,
  advertisersPerCall: 100,
} as const;

// --- OAuth (section 2)

export interface AccessTokenRequest {
  app_id: string;
  secret: string;
  auth_code: string;
  return_advertiser_ids?: boolean;
}
export interface AccessTokenData {
  access_token: string;
  advertiser_ids: string[];
  scope: number[];
}
export interface OauthAdvertisersQuery {
  app_id: string;
  secret: string;
}
export interface OauthAdvertisersData {
  list: { advertiser_id: string; advertiser_name: string }[];
}
export interface RevokeTokenRequest {
  app_id: string;
  secret: string;
  access_token: string;
}
/** `advertiser_ids`: the accounts the token reaches no longer. */
export interface RevokeTokenData {
  app_id: string;
  advertiser_ids: string[];
}

// --- Identity (section 3)

/** All optional: TikTok's page and its sample disagree. `create_time` in seconds since 1970. */
export interface UserInfoData {
  core_user_id?: string;
  display_name?: string;
  email?: string;
  create_time?: number;
  avatar_url?: string;
}
/** `advertiser_ids` and `fields` are JSON texts in the query. */
export interface AdvertiserInfoQuery {
  advertiser_ids: string;
  fields?: string;
}
/** The fields Usher asks for and a few for the sandbox; TikTok has some twenty more. */
export interface AdvertiserInfo {
  advertiser_id: string;
  name: string;
  status?: string;
  role?: string;
  company?: string;
  currency?: string;
  timezone?: string;
  country?: string;
  owner_bc_id?: string;
  create_time?: number;
}
export interface AdvertiserInfoData {
  list: AdvertiserInfo[];
}

// --- Audiences of the Segment (Streaming) API (section 4)

export type SegmentAudienceRequest =
  | { advertiser_id: string; action: 'create'; custom_audience_name: string }
  /** `delete_audience_id`, not `audience_id` (correction 1). */
  | { advertiser_id: string; action: 'delete'; delete_audience_id: string };
/** TikTok's sample shows a number here, its servers send a text (correction 5). */
export interface SegmentAudienceCreated {
  audience_id: string | number;
}

/** One position of a row: its type is `id_schema` at the same position; `{}` when the person has no such id. */
export type MappingId = { id: string; audience_ids: string[] } | Record<string, never>;
export interface MappingRequest {
  advertiser_ids: string[];
  action: 'add' | 'delete';
  id_schema: string[];
  batch_data: MappingId[][];
}

// --- Audiences of the DMP (section 5)

export interface PageInfo {
  page: number;
  page_size: number;
  total_number: number;
  total_page: number;
}
/** `custom_audience_ids` is a JSON text in the query. */
export interface AudienceListQuery {
  advertiser_id: string;
  custom_audience_ids?: string;
  page?: string;
  page_size?: string;
}
/** Times are `YYYY-MM-DD HH:MM:SS` in UTC. */
export interface AudienceInfo {
  audience_id: string;
  name: string;
  /** `Partner` for what `/segment/audience/` makes. */
  audience_type: string;
  calculate_type: string | null;
  /** Matched people. */
  cover_num: number;
  is_valid: boolean;
  /** Within 60 days. */
  is_expiring: boolean;
  is_creator: boolean;
  shared: boolean;
  create_time: string;
  expired_time: string;
}
export interface AudienceListData {
  page_info: PageInfo;
  list: AudienceInfo[];
}
export interface AudienceGetQuery {
  advertiser_id: string;
  custom_audience_ids: string;
  history_size?: string;
}
/** The same audience as in the list, but `audience_type` is called `type` here (section 5.2). */
export interface AudienceDetails extends Omit<AudienceInfo, 'audience_type'> {
  type: string;
  audience_sub_type: string;
  is_auto_refresh: boolean;
  owner_id: string;
  msg: string | null;
  error_msg: string | null;
  lookalike_spec: string | null;
  rule: string | null;
}
export interface AudienceHistoryRow {
  action: string;
  action_detail: string;
  editor: string;
  msg: string | null;
  opt_time: string;
}
export interface AudienceGetData {
  list: { audience_details: AudienceDetails; audience_history: AudienceHistoryRow[] }[];
}
export interface AudienceDeleteRequest {
  advertiser_id: string;
  custom_audience_ids: string[];
}
