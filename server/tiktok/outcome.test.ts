import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seconds } from '../kernel/clock.ts';
import { codeMeaning, codeRows } from './codes.ts';
import { classify, type Outcome, type Reply } from './outcome.ts';
import { type Endpoint, endpoints, methods } from './wire.ts';

const answered = (code: number, message = '', httpStatus = 200): Reply => ({
  kind: 'answered',
  httpStatus,
  retryAfter: undefined,
  envelope: { code, message },
});
const bare = (httpStatus: number): Reply => ({
  kind: 'answered',
  httpStatus,
  retryAfter: undefined,
  envelope: undefined,
});
const mapping = (code: number, message = ''): Outcome => classify('segmentMapping', answered(code, message));

const ok: Outcome = { kind: 'ok' };
const throttled: Outcome = { kind: 'throttled', scope: 'app', long: false };
const retry: Outcome = { kind: 'retry', slow: false };
const unauthorized: Outcome = { kind: 'unauthorized' };
const forbidden: Outcome = { kind: 'forbidden' };
const config: Outcome = { kind: 'config' };
const refused: Outcome = { kind: 'refused' };
const split: Outcome = { kind: 'split' };
const unknown: Outcome = { kind: 'unknown' };

const span = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** tiktok-api.md 9, typed from the document once more: what each code means on a mapping call without a message. */
const section9: readonly [Outcome, readonly number[]][] = [
  [ok, [0, 200, 40012]],
  [{ kind: 'partial' }, [20001, 40050]],
  [refused, [40000, 40002, 40700, ...span(40901, 40904), 40905, 40906, 40908, 40909, 40910, ...span(40911, 40916)]],
  [forbidden, [40001, 40003, 40118, 40130, 40131, 40300, 40301, 40302]],
  [{ kind: 'gone' }, [40007]],
  [config, [40006, 40051, 40010, 40008, 40009, 40013, 40014, 40062, 40063, 40101, 40104, 40108, 40109, 40112, 40113]],
  [config, [40116, 40117, 40124, 40125, 40400, 41000, 41001, 41002, 41013, 70001]],
  [config, [40065, ...span(40120, 40122), ...span(40126, 40129), 40502]],
  [split, [40011, 40061, 40907]],
  [throttled, [40016, 40100, 40132]],
  [{ kind: 'throttled', scope: 'advertiser', long: false }, [40133]],
  [{ kind: 'throttled', scope: 'app', long: true }, [61000]],
  [unauthorized, [40102, 40103, 40107, 40105, 40106, 40110, 40114, 40115, 40119, 40309]],
  [retry, [40200, 40201, 40202, 40900, 50000, 50002, 51003, 51008, 51016, 51039, 51060, 51063, 51000, 51099, 51305]],
  [retry, [...span(52000, 52003), ...span(52100, 52103), ...span(52201, 52204), 53102, 53103]],
  [{ kind: 'retry', slow: true }, [60001]],
  [unknown, [51010]],
];

test('every code of TikTok’s list has its row and its outcome', () => {
  for (const [outcome, codes] of section9)
    for (const code of codes) expect([code, mapping(code)]).toEqual([code, outcome]);
  const listed = new Set([...section9.flatMap(([, codes]) => codes), ...span(51000, 51099)]);
  const tabled = new Set(codeRows.flatMap(({ from, to }) => span(from, to)));
  expect([...tabled].sort()).toEqual([...listed].sort());
  for (const row of codeRows.filter((r) => r.from === r.to))
    expect(codeRows.filter((other) => other.from === row.from && other.to === row.to)).toHaveLength(1);
});

test('every code is explained in plain words with something to do, listed or not', () => {
  for (const code of [...codeRows.map((row) => row.from), 1, 45678, 56789, 65000, 99999, -1]) {
    const { meaning, advice } = codeMeaning(code);
    expect(meaning).toMatch(/^[A-Z].*\.$/);
    expect(advice).toMatch(/^[A-Z].*\.$/);
  }
  expect(codeMeaning(40118).advice).toContain('TikTok representative');
});

test('codes with several meanings are told apart by their message', () => {
  expect(mapping(40000, 'Request too frequent')).toEqual(throttled);
  expect(mapping(40000, 'Too many requests. Please retry in some time.')).toEqual(throttled);
  expect(mapping(40000, 'rate limit exceeded')).toEqual(throttled);
  expect(mapping(40000, 'too many audience ids')).toEqual(refused);
  expect(mapping(40002, 'No permission to operate advertiser 7178918106775994370.')).toEqual(forbidden);
  const slow = { kind: 'retry', slow: true };
  expect(mapping(40002, 'Audience is not editable, please check audience status')).toEqual(slow);
  expect(mapping(40002, 'existing unfinished replace operation for this audience')).toEqual(slow);
  expect(mapping(40002, 'The audience is being updated')).toEqual(slow);
  expect(mapping(40002, 'batch_data.0.0.id: invalid')).toEqual(refused);
  expect(mapping(40700, 'Internal error: redis')).toEqual(retry);
  expect(mapping(40700, 'validation failed')).toEqual(refused);
});

test('a timeout inside TikTok leaves a doubt after a change, and only a repetition after a read (rule 11)', () => {
  for (const [code, message] of [
    [51010, ''],
    [50000, 'Internal service timed out. Please retry in sometime.'],
    [40700, 'server timeout'],
  ] as const) {
    expect(mapping(code, message)).toEqual(unknown);
    expect(classify('audienceList', answered(code, message))).toEqual(retry);
  }
});

test('code 200 is success for segment calls and nowhere else', () => {
  expect(classify('segmentAudience', answered(200))).toEqual(ok);
  expect(classify('audienceDelete', answered(200))).toEqual(unknown);
  expect(classify('userInfo', answered(200))).toEqual(retry);
});

test('a create that may have been made already is looked for, not taken for done', () => {
  expect(classify('segmentAudience', answered(40050))).toEqual(unknown);
  expect(classify('segmentAudience', answered(20001))).toEqual(unknown);
});

test('codes that no list explains: caller’s fault, TikTok’s fault, or a doubt', () => {
  expect(mapping(45678)).toEqual(refused);
  expect(mapping(56789)).toEqual(retry);
  expect(mapping(66666)).toEqual(retry);
  expect(mapping(20002)).toEqual(unknown);
});

test('without TikTok’s JSON the HTTP status decides', () => {
  const table: [number, Outcome, Outcome][] = [
    [200, unknown, retry],
    [302, config, config],
    [400, config, config],
    [401, unauthorized, unauthorized],
    [404, config, config],
    [405, config, config],
    [408, unknown, retry],
    [413, split, split],
    [429, throttled, throttled],
    [500, unknown, retry],
    [502, unknown, retry],
    [503, unknown, retry],
    [504, unknown, retry],
  ];
  for (const [status, change, read] of table) {
    expect([status, classify('segmentMapping', bare(status))]).toEqual([status, change]);
    expect([status, classify('audienceGet', bare(status))]).toEqual([status, read]);
  }
});

test('a code under an error status is believed when it is a no, not when it is a yes', () => {
  expect(classify('segmentMapping', answered(40105, '', 500))).toEqual(unauthorized);
  expect(classify('segmentMapping', answered(0, 'OK', 500))).toEqual(unknown);
  expect(classify('segmentMapping', answered(0, 'OK', 302))).toEqual(config);
});

test('Retry-After is passed on', () => {
  const reply: Reply = { kind: 'answered', httpStatus: 429, retryAfter: seconds(7), envelope: undefined };
  expect(classify('segmentMapping', reply)).toEqual({ ...throttled, retryAfter: 7_000 });
  const inBody: Reply = { ...reply, httpStatus: 200, envelope: { code: 40133, message: '' } };
  expect(classify('segmentMapping', inBody)).toMatchObject({ scope: 'advertiser', retryAfter: 7_000 });
});

test('whatever happens to a change after it left, it is never taken for refused without TikTok’s word', () => {
  const endpoint = fc.constantFrom<Endpoint>(...endpoints);
  fc.assert(
    fc.property(endpoint, fc.integer({ min: 200, max: 599 }), (where, status) => {
      const change = methods[where] === 'POST';
      expect(classify(where, { kind: 'failed', sent: false })).toEqual({ kind: 'unsent' });
      expect(classify(where, { kind: 'failed', sent: true })).toEqual(change ? unknown : retry);
      const { kind } = classify(where, bare(status));
      expect(['ok', 'partial', 'refused', 'gone']).not.toContain(kind);
      if (!change) expect(kind).not.toBe('unknown');
    }),
  );
});
