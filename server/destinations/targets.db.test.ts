import { expect, test } from 'vitest';
import type { DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import { testDatabase } from '../../test/support/database.ts';
import { answerOf, audienceView, type FakeTikTok, fakeTikTok } from '../../test/support/fake-tiktok.ts';
import { createSpace } from '../auth/auth.ts';
import type { Tx } from '../db/port.ts';
import { manualClock, minutes } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';
import { Secret } from '../kernel/secret.ts';
import {
  type CreateRecord,
  chooseAudience,
  createDestination,
  dueTargets,
  ensureTargets,
  getTarget,
  markGone,
  markLeaving,
  type Resolution,
  resolveTarget,
  resume,
  type TargetRef,
  targetsOf,
  updateDestination,
} from './destinations.ts';

const database = testDatabase(import.meta.url);
const clock = manualClock();
const call = { token: new Secret('t') };

const byName = (name: string, advertiserId = '7001'): TargetRef => ({ advertiserId, audience: { by: 'name', name } });
const byId = (id: string, advertiserId = '7001'): TargetRef => ({ advertiserId, audience: { by: 'id', id } });

interface Owner {
  spaceId: SpaceId;
  destinationId: DestinationId;
}

async function destination(slug = 'shop'): Promise<Owner> {
  return database.db.transaction(async (tx) => {
    const space = must(await createSpace(tx, clock, { slug, name: slug }), 'free');
    const input = {
      spaceId: space.id,
      sourceId: null,
      metadataId: 'actions-tiktok-audiences',
      name: 'T',
      enabled: true,
    };
    const made = await createDestination(tx, clock, { ...input, settings: {} });
    if (!made.ok) throw new Error('settings');
    return { spaceId: space.id, destinationId: made.value.id };
  });
}

const ensure = (owner: Owner, ...refs: TargetRef[]): Promise<TargetId[]> =>
  database.db.transaction((tx) => ensureTargets(tx, clock, owner, refs));

/** A create record as delivery keeps one, without its table. */
function creates(): CreateRecord & { open: Map<TargetId, Date>; announced: number } {
  const open = new Map<TargetId, Date>();
  const record = {
    open,
    announced: 0,
    unanswered: async (target: { id: TargetId }) => open.get(target.id),
    announce: async (target: { id: TargetId }) => {
      record.announced += 1;
      open.set(target.id, new Date(clock.now()));
      return async <Stored>(answer: { outcome: { kind: string } }, store: (tx: never) => Promise<Stored>) => {
        const stored = await database.db.transaction((tx) => store(tx as never));
        if (answer.outcome.kind !== 'unknown') open.delete(target.id);
        return stored;
      };
    },
  };
  return record;
}

async function resolve(
  tiktok: FakeTikTok,
  targetId: TargetId,
  record = creates(),
  settings = { createAudiences: true },
): Promise<Resolution> {
  const target = must(await getTarget(database.db, targetId), 'there');
  const deps = {
    db: database.db,
    clock,
    tiktok,
    creates: record,
    store: <Stored>(work: (tx: Tx) => Promise<Stored>) => database.db.transaction(work),
    anyToAdd: async () => true,
    replace: async () => ({ kind: 'replaced' }) as const,
    reach: () => {},
  };
  return resolveTarget(deps, call, target, settings);
}

test('a reference gets one target, asked for as often as one likes', async () => {
  const owner = await destination();
  const [a, b, again] = await ensure(owner, byName('vip'), byName('VIP'), byName('vip'));
  expect(a).toBe(again);
  expect(a).not.toBe(b);
  expect(await ensure(owner, byName('VIP'), byId('9'), byId('9'), byName('vip', '7002'))).toEqual([
    b,
    expect.any(Number),
    expect.any(Number),
    expect.any(Number),
  ]);
  expect(await targetsOf(database.db, owner.destinationId)).toHaveLength(4);
});

test('the one audience of that name is found, exactly and case-sensitively', async () => {
  const owner = await destination();
  const tiktok = fakeTikTok();
  tiktok.audiences.set('7001', [audienceView('1', 'VIP'), audienceView('2', 'vip'), audienceView('3', 'vip ')]);
  const [id] = await ensure(owner, byName('vip'));
  expect(await resolve(tiktok, must(id, ''))).toEqual({ kind: 'ready' });
  const target = await getTarget(database.db, must(id, ''));
  expect(target).toMatchObject({ state: 'ready', tiktokId: '2', madeByUsAt: null });
  expect(target?.seen).toMatchObject({ audienceId: '2', readAt: '2026-01-01T00:00:00.000Z' });
  expect(await ensure(owner, byId('2'))).toEqual([id]);
});

test('several audiences of that name: nobody is sent until one is chosen', async () => {
  const owner = await destination();
  const tiktok = fakeTikTok();
  tiktok.audiences.set('7001', [audienceView('1', 'vip'), audienceView('2', 'vip')]);
  const [id] = await ensure(owner, byName('vip'));
  expect(await resolve(tiktok, must(id, ''))).toMatchObject({ kind: 'blocked' });
  const blocked = must(await getTarget(database.db, must(id, '')), '');
  expect(blocked.choices.map((choice) => choice.audienceId)).toEqual(['1', '2']);
  await database.db.transaction((tx) => chooseAudience(tx, clock, blocked, '2'));
  expect(await resolve(tiktok, blocked.id)).toEqual({ kind: 'ready' });
  expect(await getTarget(database.db, blocked.id)).toMatchObject({ tiktokId: '2', choices: [], reason: null });
});

test('an audience of another type, or of another account, is named as the reason', async () => {
  const owner = await destination();
  const tiktok = fakeTikTok();
  tiktok.audiences.set('7001', [
    audienceView('1', 'vip', { type: 'Customer File Audience' }),
    audienceView('2', 'lent', { isCreator: false, shared: true }),
  ]);
  const [file, lent] = await ensure(owner, byName('vip'), byId('2'));
  expect(await resolve(tiktok, must(file, ''))).toMatchObject({ reason: expect.stringContaining('Customer File') });
  expect(await resolve(tiktok, must(lent, ''))).toMatchObject({
    reason: expect.stringContaining('another ad account'),
  });
  expect(tiktok.calls).not.toContain('create');
});

test('a missing audience is created once, where that is allowed', async () => {
  const owner = await destination();
  const tiktok = fakeTikTok();
  const [id] = await ensure(owner, byName('vip'));
  expect(await resolve(tiktok, must(id, ''), creates(), { createAudiences: false })).toMatchObject({
    kind: 'blocked',
    reason: expect.stringContaining('no audience named "vip"'),
  });
  const record = creates();
  expect(await resolve(tiktok, must(id, ''), record)).toEqual({ kind: 'ready' });
  expect(record.announced).toBe(1);
  expect(await getTarget(database.db, must(id, ''))).toMatchObject({ tiktokId: '501', madeByUsAt: expect.any(Date) });
});

test('an unanswered create is looked for, not repeated', async () => {
  const owner = await destination();
  const tiktok = fakeTikTok();
  tiktok.next.create = [answerOf<never>('unknown')];
  tiktok.next.list = [answerOf('ok', []) as never, answerOf('ok', []) as never];
  const [id] = await ensure(owner, byName('vip'));
  const record = creates();
  expect(await resolve(tiktok, must(id, ''), record)).toMatchObject({ kind: 'failed' });
  await clock.advance(minutes(9));
  expect(await resolve(tiktok, must(id, ''), record)).toMatchObject({ kind: 'later' });
  expect(await resolve(tiktok, must(id, ''), record)).toEqual({ kind: 'ready' });
  expect(record.announced).toBe(1);
  expect(tiktok.audiences.get('7001')).toHaveLength(1);
});

test('an unanswered create that never shows is repeated after ten minutes', async () => {
  const owner = await destination();
  const tiktok = fakeTikTok();
  const [id] = await ensure(owner, byName('vip'));
  const record = creates();
  record.open.set(must(id, ''), new Date(clock.now()));
  await clock.advance(minutes(10));
  expect(await resolve(tiktok, must(id, ''), record)).toEqual({ kind: 'ready' });
  expect(record.announced).toBe(1);
});

test('two names of one audience are one target', async () => {
  const owner = await destination();
  const tiktok = fakeTikTok();
  tiktok.audiences.set('7001', [audienceView('1', 'new name')]);
  const [first, second] = await ensure(owner, byId('1'), byName('new name'));
  expect(await resolve(tiktok, must(first, ''))).toEqual({ kind: 'ready' });
  expect(await resolve(tiktok, must(second, ''))).toEqual({ kind: 'same as', targetId: first });
  expect(await ensure(owner, byName('new name'), byId('1'))).toEqual([first, first]);
  const marked = (await targetsOf(database.db, owner.destinationId)).map(({ id, sibling }) => ({ id, sibling }));
  expect(marked).toContainEqual({ id: first, sibling: false });
  expect(marked).toContainEqual({ id: second, sibling: true });
});

test('an audience that another destination feeds is not fed twice', async () => {
  const [ours, theirs] = [await destination('a'), await destination('b')];
  const tiktok = fakeTikTok();
  tiktok.audiences.set('7001', [audienceView('1', 'vip')]);
  const [first] = await ensure(theirs, byName('vip'));
  await resolve(tiktok, must(first, ''));
  const [named, numbered] = await ensure(ours, byName('vip'), byId('1'));
  const reason = expect.stringContaining('another destination');
  expect(await resolve(tiktok, must(named, ''))).toMatchObject({ kind: 'blocked', reason });
  expect(await getTarget(database.db, must(numbered, ''))).toMatchObject({ state: 'blocked', reason });
  await database.db.transaction((tx) => markGone(tx, clock, must(first, '')));
  expect(await resolve(tiktok, must(numbered, ''))).toEqual({ kind: 'ready' });
});

test('a blocked target is looked at again after ten minutes, an unresolved one at once', async () => {
  const owner = await destination();
  const due = async () => (await dueTargets(database.db, clock, owner.destinationId)).map((target) => target.id);
  const ids = await ensure(owner, byName('vip'), byId('404'));
  expect(await due()).toEqual(ids);
  const tiktok = fakeTikTok();
  for (const id of ids) await resolve(tiktok, id, creates(), { createAudiences: false });
  expect(await due()).toEqual([]);
  await clock.advance(minutes(11));
  expect(await due()).toEqual(ids);
});

test('changed settings make blocked targets due at once, except those with a choice to make', async () => {
  const owner = await destination();
  const due = async () => (await dueTargets(database.db, clock, owner.destinationId)).map((target) => target.id);
  const change = (settings: Record<string, unknown>) =>
    database.db.transaction((tx) => updateDestination(tx, clock, owner.destinationId, { settings }));
  const tiktok = fakeTikTok();
  tiktok.audiences.set('7001', [audienceView('1', 'two'), audienceView('2', 'two'), audienceView('3', 'new name')]);
  const ids = await ensure(owner, byName('vip'), byName('two'), byId('3'), byName('new name'));
  for (const id of ids) await resolve(tiktok, id, creates(), { createAudiences: false });
  await change({ createAudiences: true });
  expect(await due()).toEqual([]);
  await change({ createAudiences: false });
  // Not the choice, and not the second name of an audience that is fed already (rule 12).
  expect(await due()).toEqual([ids[0]]);
  await change({ createAudiences: true });
  expect(await resolve(tiktok, must(ids[0], ''), creates(), { createAudiences: true })).toEqual({ kind: 'ready' });
  expect(await due()).toEqual([]);
});

test('connecting again looks at blocked targets although others feed their audiences', async () => {
  const [ours, theirs] = [await destination('a'), await destination('b')];
  const tiktok = fakeTikTok();
  tiktok.audiences.set('7001', [audienceView('1', 'vip')]);
  const [first] = await ensure(theirs, byName('vip'));
  await resolve(tiktok, must(first, ''));
  const [numbered] = await ensure(ours, byId('1'));
  await database.db.transaction((tx) => resume(tx, clock, ours.destinationId));
  expect((await dueTargets(database.db, clock, ours.destinationId)).map(({ id }) => id)).toEqual([numbered]);
  expect(await resolve(tiktok, must(numbered, ''))).toMatchObject({ kind: 'blocked' });
});

test('a leaving target that is named again feeds on; a gone one leaves its name free', async () => {
  const owner = await destination();
  const tiktok = fakeTikTok();
  tiktok.audiences.set('7001', [audienceView('1', 'vip')]);
  const [id] = await ensure(owner, byName('vip'));
  await resolve(tiktok, must(id, ''));
  await database.db.transaction((tx) => markLeaving(tx, clock, [must(id, '')]));
  expect(await ensure(owner, byName('vip'))).toEqual([id]);
  expect(await getTarget(database.db, must(id, ''))).toMatchObject({ state: 'ready' });
  await database.db.transaction((tx) => markGone(tx, clock, must(id, '')));
  expect(await ensure(owner, byName('vip'))).not.toEqual([id]);
});

test('names that TikTok would cut are refused before any call', async () => {
  const owner = await destination();
  const tiktok = fakeTikTok();
  const [id] = await ensure(owner, byName('x'.repeat(71)));
  expect(await resolve(tiktok, must(id, ''))).toMatchObject({ reason: expect.stringContaining('71 characters') });
  expect(tiktok.calls).toEqual([]);
});

test('an answer that says nothing about the audience changes nothing', async () => {
  const owner = await destination();
  const tiktok = fakeTikTok();
  tiktok.next.list = [answerOf<never>('unauthorized')];
  tiktok.next.get = [answerOf<never>('throttled')];
  const [named, numbered] = await ensure(owner, byName('vip'), byId('1'));
  expect(await resolve(tiktok, must(named, ''))).toMatchObject({ kind: 'failed' });
  expect(await resolve(tiktok, must(numbered, ''))).toMatchObject({ kind: 'failed' });
  expect((await targetsOf(database.db, owner.destinationId)).map((target) => target.state)).toEqual([
    'unresolved',
    'unresolved',
  ]);
});

test('rule 12: transactions at once make one target of a reference, and one of two destinations feeds the audience', async () => {
  const [ours, theirs] = [await destination('a'), await destination('b')];
  const refs = [byName('vip'), byId('1'), byId('2'), byName('VIP')];
  const made = await Promise.all([
    ensure(ours, ...refs),
    ensure(ours, ...[...refs].reverse()).then((ids) => ids.reverse()),
    ensure(ours, ...refs),
  ]);
  expect(made[1]).toEqual(made[0]);
  expect(made[2]).toEqual(made[0]);
  const tiktok = fakeTikTok();
  tiktok.audiences.set('7001', [audienceView('3', 'new')]);
  const [[a], [b]] = [await ensure(ours, byName('new')), await ensure(theirs, byName('new'))];
  const both = await Promise.all([resolve(tiktok, must(a, '')), resolve(tiktok, must(b, ''))]);
  expect(both.map(({ kind }) => kind).sort()).toEqual(['blocked', 'ready']);
});
