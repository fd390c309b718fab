import { expect, test } from 'vitest';
import type {
  AccessTokenData,
  AudienceGetData,
  AudienceListData,
  Envelope,
  MappingRequest,
  Nothing,
  OauthAdvertisersData,
  RevokeTokenData,
  SegmentAudienceCreated,
  SegmentAudienceRequest,
  UserInfoData,
} from './wire.ts';
import { endpoints, idTypes, methods, paths } from './wire.ts';

const envelope = <Data>(data: Data): Envelope<Data> => ({ code: 0, message: 'OK', request_id: '2026', data });

// tiktok-api.md 2-5, word for word; `satisfies` makes the compiler the judge.
const samples = [
  envelope({
    access_token: '40hexchars',
    advertiser_ids: ['7178918106775994370', '7178918106775994371'],
    scope: [4, 30, 31, 100],
  } satisfies AccessTokenData),
  envelope({
    list: [{ advertiser_id: '7178918106775994370', advertiser_name: 'Shop US' }],
  } satisfies OauthAdvertisersData),
  envelope({ app_id: '7000000000000000001', advertiser_ids: ['7178918106775994370'] } satisfies RevokeTokenData),
  envelope({
    core_user_id: '7654698230689793044',
    display_name: 'Jane Doe',
    email: 'j***e@example.org',
    create_time: 1561518952,
    avatar_url: 'https://example.org/a.png',
  } satisfies UserInfoData),
  envelope({ audience_id: '167290896' } satisfies SegmentAudienceCreated),
  { ...envelope({ audience_id: 167290896 } satisfies SegmentAudienceCreated), code: 200 },
  envelope({} satisfies Nothing),
  envelope({
    page_info: { page: 1, page_size: 100, total_number: 1, total_page: 1 },
    list: [
      {
        audience_id: '167290896',
        name: 'VIP buyers',
        audience_type: 'Partner',
        calculate_type: 'MULTIPLE_TYPES',
        cover_num: 0,
        is_valid: false,
        is_expiring: false,
        is_creator: true,
        shared: false,
        create_time: '2026-08-03 16:27:49',
        expired_time: '2027-08-03 16:27:49',
      },
    ],
  } satisfies AudienceListData),
  envelope({
    list: [
      {
        audience_details: {
          audience_id: '167290896',
          name: 'VIP buyers',
          type: 'Partner',
          audience_sub_type: 'NORMAL',
          calculate_type: 'MULTIPLE_TYPES',
          cover_num: 0,
          is_valid: false,
          is_expiring: false,
          is_auto_refresh: false,
          is_creator: true,
          shared: false,
          owner_id: '7178918106775994370',
          create_time: '2026-08-03 16:27:49',
          expired_time: '2027-08-03 16:27:49',
          msg: null,
          error_msg: null,
          lookalike_spec: null,
          rule: '{"inclusions": null, "exclusions": null}',
        },
        audience_history: [
          { action: 'create', action_detail: '0', editor: 'open_api', msg: null, opt_time: '2026-08-03 16:27:49' },
        ],
      },
    ],
  } satisfies AudienceGetData),
];

const requests = [
  {
    advertiser_id: '7178918106775994370',
    action: 'create',
    custom_audience_name: 'VIP buyers',
  } satisfies SegmentAudienceRequest,
  {
    advertiser_id: '7178918106775994370',
    action: 'delete',
    delete_audience_id: '167290896',
  } satisfies SegmentAudienceRequest,
  {
    advertiser_ids: ['7178918106775994370'],
    action: 'add',
    id_schema: ['EMAIL_SHA256', 'PHONE_SHA256', 'AAID_SHA256'],
    batch_data: [
      [{ id: '8d771c', audience_ids: ['167290896'] }, { id: 'a6e82c', audience_ids: ['167290896'] }, {}],
      [{ id: '973dfe', audience_ids: ['167290896', '167290897'] }, {}, { id: '83dc3f', audience_ids: ['167290896'] }],
    ],
  } satisfies MappingRequest,
];

test('the documented samples are of the wire types and survive JSON', () => {
  for (const sample of [...samples, ...requests]) expect(JSON.parse(JSON.stringify(sample))).toEqual(sample);
});

test('every path ends in a slash and has a method', () => {
  for (const endpoint of endpoints) {
    expect(paths[endpoint]).toMatch(/^\/[a-z0-9_/]+\/$/);
    expect(methods[endpoint]).toMatch(/^(GET|POST)$/);
  }
  expect(new Set(Object.values(paths)).size).toBe(endpoints.length);
});

test('the mapping endpoint knows six types of id, the four Usher sends first', () => {
  expect(idTypes.slice(0, 4)).toEqual(['EMAIL_SHA256', 'PHONE_SHA256', 'IDFA_SHA256', 'AAID_SHA256']);
  expect(idTypes).toHaveLength(6);
});
