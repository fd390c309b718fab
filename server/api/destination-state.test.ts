import { expect, test } from 'vitest';
import type { AudienceId, DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import { manualClock, minutes } from '../kernel/clock.ts';
import type { Call, Facts } from './destination-facts.ts';
import { linesOf } from './destination-state.ts';

const clock = manualClock('2026-01-01T12:00:00Z');
const ago = (n: number): Date => new Date(clock.now() - minutes(n));

type Destination = Facts['destination'];
const destination: Destination = {
  id: 3 as DestinationId,
  spaceId: 1 as SpaceId,
  sourceId: null,
  metadataId: 'actions-tiktok-audiences',
  name: 'TikTok Shop',
  enabled: true,
  settings: {
    emailProfile: 'api_doc',
    phoneDefaultRegion: null,
    phoneAlsoWithoutPlus: false,
    createAudiences: true,
    batchRows: 1000,
  },
  connected: true,
  connectedAt: ago(600),
  advertiserIds: ['7001'],
  scopes: [100, 120],
  paused: null,
  createdAt: ago(600),
  updatedAt: ago(500),
};

const counted = { members: 1_000, onTikTok: 1_000, owed: 0, parked: 0, skipped: 0, leaving: 0, kept: 0 };
const vip = (
  counts: Partial<typeof counted> = {},
  walk: Facts['audiences'][number]['sync']['walk'] = null,
): Facts['audiences'][number] => ({
  connection: {
    spaceId: destination.spaceId,
    audienceId: 5 as AudienceId,
    destinationId: destination.id,
    enabled: true,
    sendTrack: true,
    sendIdentify: false,
    enteredEvent: 'Audience Entered',
    exitedEvent: 'Audience Exited',
    settings: {},
    createdAt: ago(400),
    updatedAt: ago(400),
  },
  name: 'VIP',
  sync: { walk, counts: { ...counted, ...counts } },
});
const call = (outcome: string, minutesAgo: number, kind = 'add'): Call => ({
  kind,
  outcome,
  code: null,
  message: null,
  startedAt: ago(minutesAgo),
});

const facts = (change: Partial<Facts> = {}): Facts => ({
  destination,
  mappings: 2,
  audiences: [vip()],
  targets: [],
  calls: [call('ok', 10)],
  unmatched: new Map(),
  pointers: 0,
  goingOut: false,
  ...change,
});
const first = (change: Partial<Facts>) => linesOf(facts(change), clock)[0];
const paused = (code: number | null, reason = 'because') => ({ ...destination, paused: { reason, code, at: ago(30) } });

test('a destination with everything in place is healthy', () => {
  expect(first({})).toMatchObject({ status: 'healthy', since: ago(10) });
});

test('what is missing for the first sending is named, one step after the other', () => {
  const calls: Call[] = [];
  expect(first({ calls, destination: { ...destination, connected: false } })?.message).toBe('Next: connect TikTok.');
  expect(first({ calls, mappings: 0, audiences: [] })).toMatchObject({
    status: 'setup-not-finished',
    message: 'Next: make a mapping.',
    remedy: { href: '/spaces/spa_1/connections/destinations/dst_3/mappings' },
  });
  expect(first({ calls, audiences: [] })?.message).toBe('Next: connect an audience.');
});

test('off is off, whatever else is wrong', () => {
  const off = first({ destination: { ...paused(40105), enabled: false }, pointers: 312 });
  expect(off).toMatchObject({ status: 'paused', kept: '312 changes are kept and will go out.' });
});

test('a connection that TikTok refuses needs a person, with what is kept and the button that mends it', () => {
  expect(first({ destination: paused(40105), pointers: 1 })).toMatchObject({
    status: 'needs-you',
    code: 'reauth',
    message: 'TikTok no longer accepts this connection (40105).',
    kept: '1 change is kept and will go out.',
    remedy: { label: 'Reconnect TikTok' },
  });
  const missing = { ...paused(null), scopes: [100] };
  expect(first({ destination: missing })?.message).toMatch(/without the permission “.*Custom Audiences”/);
  expect(first({ destination: { ...destination, connected: false } })).toMatchObject({
    status: 'needs-you',
    code: 'disconnected',
  });
});

test('what an operator has to mend is failing, not a person’s task', () => {
  expect(first({ destination: paused(40113) })).toMatchObject({
    status: 'failing',
    code: 'config',
    remedy: { label: 'TikTok app' },
  });
});

test('a blocked TikTok audience says why and where to choose', () => {
  const target: Facts['targets'][number] = {
    id: 1 as TargetId,
    spaceId: destination.spaceId,
    destinationId: destination.id,
    advertiserId: '7001',
    named: 'vip',
    tiktokId: null,
    state: 'blocked',
    problem: 'several',
    reason: 'two',
    choices: [],
    replacedBy: null,
    createOnce: false,
    leavingSince: null,
    madeByUsAt: null,
    seen: null,
    lookedAt: null,
    createdAt: ago(50),
    updatedAt: ago(40),
  };
  expect(first({ targets: [target] })).toMatchObject({ code: 'several', remedy: { label: 'Choose one' } });
  // Nobody works on what only a person can mend.
  const [began, ended] = [ago(40).toISOString(), ago(39).toISOString()];
  const walk = { reason: 'connected', walked: 1_000, total: 1_000, startedAt: began, finishedAt: ended };
  const waiting = { targets: [target], audiences: [vip({ onTikTok: 0, owed: 1_000 }, walk)] };
  expect(linesOf(facts(waiting), clock).map(({ code }) => code)).toEqual(['several']);
  expect(linesOf(facts({ ...waiting, goingOut: true }), clock).map(({ status }) => status)).toEqual([
    'needs-you',
    'syncing',
  ]);
  expect(first({ targets: [{ ...target, problem: 'none' }] })?.message).toBe(
    'Ad account 7001 has no TikTok audience called vip, and creating is off.',
  );
  expect(first({ targets: [{ ...target, problem: 'refused', reason: 'TikTok says no' }] })?.message).toBe(
    'TikTok says no.',
  );
});

test('members that no mapping takes, and more than one in a hundred parked, need a person', () => {
  expect(first({ unmatched: new Map([[5 as AudienceId, 7]]) })).toMatchObject({
    code: 'no-mapping',
    message: 'No enabled mapping takes the people of VIP.',
  });
  expect(first({ audiences: [vip({ parked: 10 })] })?.status).toBe('healthy');
  expect(first({ audiences: [vip({ parked: 11 })] })).toMatchObject({ status: 'needs-you', code: 'parked' });
});

test('TikTok away is no alarm before a quarter of an hour, and its first good answer ends it', () => {
  expect(first({ calls: [call('retry', 1), call('unknown', 14), call('ok', 20)] })?.status).toBe('healthy');
  expect(first({ calls: [call('retry', 1), call('unknown', 16), call('ok', 20)] })).toMatchObject({
    status: 'failing',
    since: ago(16),
  });
  expect(first({ calls: [call('ok', 0), call('retry', 1), call('unknown', 16)] })?.status).toBe('healthy');
});

test('a throttled call and a first sync are work in progress', () => {
  expect(first({ calls: [call('throttled', 1)] })).toMatchObject({ status: 'slowed', remedy: null });
  expect(first({ calls: [call('throttled', 6)] })?.status).toBe('healthy');
  const walk = { reason: 'connected', walked: 10, total: 1_000, startedAt: ago(1).toISOString(), finishedAt: null };
  expect(first({ audiences: [vip({ onTikTok: 400, owed: 600 }, walk)] })).toMatchObject({
    status: 'syncing',
    message: 'Syncing VIP: 400 of 1,000 people.',
  });
});

test('Home gets every line, the worst first', () => {
  const lines = linesOf(
    facts({ destination: paused(40105), calls: [call('throttled', 1)], unmatched: new Map([[5 as AudienceId, 7]]) }),
    clock,
  );
  expect(lines.map(({ code }) => code)).toEqual(['reauth', 'no-mapping', 'throttled']);
});
