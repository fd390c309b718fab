import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, PersonId, SourceId, SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent, SourceKind } from '../../contract/segment-event.ts';
import { insertConnection } from '../../server/audiences/audiences.sql.ts';
import { createSpace } from '../../server/auth/auth.ts';
import type { Db } from '../../server/db/port.ts';
import { createDestination, createMapping, withDefaults } from '../../server/destinations/destinations.ts';
import { createSource } from '../../server/ingest/ingest.ts';
import { manualClock } from '../../server/kernel/clock.ts';
import { silentLog } from '../../server/kernel/log.ts';
import { seededRandom } from '../../server/kernel/random.ts';
import { must } from '../../server/kernel/result.ts';
import { vault } from '../../server/kernel/secret.ts';
import { beginWalk, counts, producersOf, releaseStep, walkStep } from '../../server/ledger/ledger.ts';
import { processBatch } from '../../server/pipeline.ts';
import { engageEvent } from './usher.ts';

export const advertiserId = '7100000000000000001';

/** A space with a source and a destination, and what a test needs to feed it and to look at the ledger. */
export interface World {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly clock: ReturnType<typeof manualClock>;
  /** One micro-batch; a later one is later in time. */
  process(...events: readonly Record<string, unknown>[]): Promise<void>;
  /** The same, as if it had happened so many seconds ago. */
  processLate(seconds: number, ...events: readonly Record<string, unknown>[]): Promise<void>;
  audience(key: string): Promise<AudienceId>;
  connect(key: string, more?: { sendIdentify?: boolean; settings?: Record<string, unknown> }): Promise<AudienceId>;
  mapping(
    actionSlug: string,
    settings?: Record<string, unknown>,
    more?: { trigger?: string; enabled?: boolean },
  ): Promise<void>;
  walk(): Promise<void>;
  rows(): Promise<{ origin: number; person: PersonId; level: number; lane: number | null; hashes: string[] }[]>;
  counts(audienceId: AudienceId): ReturnType<typeof counts.countAudience>;
  /** Takes everything owed for told. */
  settleAll(): Promise<void>;
}

const triggers: Record<string, string> = {
  addUser: 'event = "Audience Entered"',
  removeUser: 'event = "Audience Exited"',
  addToAudience: 'event = "Audience Entered"',
  removeFromAudience: 'event = "Audience Exited"',
  syncAudience: 'type = "track"',
};

export async function makeWorld(db: Db, kind: SourceKind = 'server'): Promise<World> {
  const clock = manualClock('2026-06-01T00:00:00Z');
  const random = seededRandom(1);
  const deps = { clock, log: silentLog, producers: producersOf({ log: silentLog }) };
  const now = () => new Date(clock.now());
  const made = await db.transaction(async (tx) => {
    const space = must(await createSpace(tx, clock, { slug: 'shop', name: 'Shop' }), 'a space');
    const source = await createSource(
      tx,
      { clock, random, vault: vault(Buffer.alloc(32, 1), random) },
      { spaceId: space.id, slug: 'engage', name: 'Engage', kind },
    );
    const settings = {};
    const input = {
      spaceId: space.id,
      sourceId: null,
      metadataId: 'actions-tiktok-audiences',
      name: 'TikTok',
      enabled: true,
      settings,
    };
    const destination = await createDestination(tx, clock, input);
    if (!destination.ok || !source.ok) throw new Error('set-up failed');
    return {
      spaceId: space.id,
      sourceId: source.value.source.sourceId as SourceId,
      destinationId: destination.value.id,
    };
  });
  const { spaceId, destinationId } = made;
  let arrived = 0;
  const receive = (event: Record<string, unknown>, ago: number): ReceivedEvent => {
    arrived += 1;
    const timeUs = (clock.now() - ago * 1_000) * 1_000 + arrived;
    const time = new Date(clock.now() - ago * 1_000).toISOString();
    const full = { messageId: `m${arrived}`, timestamp: time, originalTimestamp: time, receivedAt: time, ...event };
    return {
      spaceId,
      sourceId: made.sourceId,
      sourceKind: kind,
      event: full as unknown as ReceivedEvent['event'],
      timeUs,
      originalUs: timeUs,
    };
  };
  const processLate: World['processLate'] = async (ago, ...events) => {
    await clock.advance(1_000);
    await db.transaction((tx) =>
      processBatch(
        tx,
        deps,
        events.map((event) => receive(event, ago)),
      ),
    );
  };
  const audience: World['audience'] = async (key) => {
    const [row] = await db.query<{ id: AudienceId }>(
      sql`select audience_id as id from audiences where space_id = ${spaceId} and key = ${key}`,
    );
    if (row) return row.id;
    const [fresh] = await db.query<{ id: AudienceId }>(sql`
      insert into audiences (space_id, kind, key, name, created_at, updated_at)
      values (${spaceId}, 'external', ${key}, ${key}, ${now()}, ${now()}) returning audience_id as id`);
    return must(fresh, 'inserted').id;
  };
  return {
    spaceId,
    destinationId,
    clock,
    processLate,
    process: (...events) => processLate(0, ...events),
    audience,
    async connect(key, more = {}) {
      const audienceId = await audience(key);
      await db.transaction(async (tx) => {
        await insertConnection(tx, {
          spaceId,
          audienceId,
          destinationId,
          enabled: true,
          sendTrack: true,
          sendIdentify: more.sendIdentify ?? false,
          enteredEvent: 'Audience Entered',
          exitedEvent: 'Audience Exited',
          settings: more.settings ?? { advertiserId },
          now: now(),
        });
        await beginWalk(tx, { clock }, { spaceId, audienceId, destinationId, reason: 'connected' });
      });
      return audienceId;
    },
    async mapping(actionSlug, settings = {}, more = {}) {
      const trigger = more.trigger ?? triggers[actionSlug] ?? 'type = "track"';
      const full = withDefaults(actionSlug, settings);
      const input = { name: actionSlug, actionSlug, trigger, settings: full, enabled: more.enabled ?? true };
      await db.transaction((tx) => createMapping(tx, { clock, mappingsMax: 50 }, destinationId, input));
    },
    async walk() {
      while ((await releaseStep({ ...deps, db })) === 'more' || (await walkStep({ ...deps, db })) === 'more') {
        // Each step does a chunk of one release or of one walk.
      }
    },
    async rows() {
      const rows = await db.query<{
        origin: number;
        person: PersonId;
        level: number;
        lane: number | null;
        hashes: string[];
      }>(sql`
        select m.origin_id as origin, m.person_id as person, m.level,
          (select min(c.lane) from changes c where c.target_id = m.target_id and c.seq = m.seq and c.origin_id = m.origin_id
             and c.person_id = m.person_id) as lane,
          array_remove(array[encode(m.email, 'hex'), encode(m.phone, 'hex'), encode(m.idfa, 'hex'), encode(m.aaid, 'hex')], null) as hashes
        from memberships m where m.space_id = ${spaceId} order by m.origin_id, m.person_id, m.seq, m.variant`);
      return rows;
    },
    counts: (audienceId) => counts.countAudience(db, { spaceId, audienceId, destinationId }),
    async settleAll() {
      await db.query(sql`delete from changes where space_id = ${spaceId}`);
    },
  };
}

export { engageEvent };
