import sql, { empty, type Sql } from 'sql-template-tag';
import type { DestinationId, MappingId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';
import type { DirectExit, LedgerRow, Level, Pointer } from './rows.ts';

interface MembershipRow extends Row {
  space_id: SpaceId;
  destination_id: DestinationId;
  target_id: TargetId;
  origin_id: number;
  person_id: PersonId;
  variant: Buffer;
  level: Level;
  normaliser: number;
  seq: number;
  entered_us: number;
  entered_original_us: number;
  entered_arrival: number;
  mapping_id: MappingId;
  email: Buffer | null;
  phone: Buffer | null;
  idfa: Buffer | null;
  aaid: Buffer | null;
}

const rowOf = (row: MembershipRow): LedgerRow => ({
  spaceId: row.space_id,
  destinationId: row.destination_id,
  targetId: row.target_id,
  originId: row.origin_id,
  personId: row.person_id,
  variant: row.variant.toString('hex'),
  hashes: [row.email, row.phone, row.idfa, row.aaid],
  normaliser: row.normaliser,
  mappingId: row.mapping_id,
  entered: { timeUs: row.entered_us, originalUs: row.entered_original_us, arrival: row.entered_arrival },
  level: row.level,
  seq: row.seq,
});

export interface PersonKey {
  readonly spaceId: SpaceId;
  readonly personId: PersonId;
}

/** Every row of these people, at every target and of every origin. `offset 0` keeps the planner on the person index (design.md 4.2). */
export async function selectRowsOfPeople(q: Queryable, people: readonly PersonKey[]): Promise<LedgerRow[]> {
  const rows = await q.query<MembershipRow>(sql`
    select m.space_id, t.destination_id, m.target_id, m.origin_id, m.person_id, m.variant, m.level, m.normaliser, m.seq,
      m.entered_us, m.entered_original_us, m.entered_arrival, m.mapping_id, m.email, m.phone, m.idfa, m.aaid
    from unnest(${people.map((p) => p.spaceId)}::bigint[], ${people.map((p) => p.personId)}::bigint[]) as k (space_id, person_id)
    cross join lateral (
      select * from memberships am where am.space_id = k.space_id and am.person_id = k.person_id offset 0
    ) m
    join targets t on t.target_id = m.target_id`);
  return rows.map(rowOf);
}

export async function drawSeqs(tx: Tx, count: number): Promise<number[]> {
  const rows = await tx.query<{ n: number }>(
    sql`select nextval('change_seq') as n from generate_series(1, ${count}::int)`,
  );
  return rows.map((row) => row.n);
}

/** Rows that their people, who are locked, were found not to have: nobody else writes them meanwhile. */
export const insertRows = (tx: Tx, rows: readonly LedgerRow[]): Promise<void> => writeRows(tx, rows, empty);

export const upsertRows = (tx: Tx, rows: readonly LedgerRow[]): Promise<void> =>
  writeRows(
    tx,
    rows,
    sql`
    on conflict (space_id, target_id, origin_id, person_id, variant) do update set
      level = excluded.level, seq = excluded.seq, entered_us = excluded.entered_us,
      entered_original_us = excluded.entered_original_us, entered_arrival = excluded.entered_arrival,
      mapping_id = excluded.mapping_id, settled_at = null`,
  );

async function writeRows(tx: Tx, unsorted: readonly LedgerRow[], onConflict: Sql): Promise<void> {
  if (unsorted.length === 0) return;
  const rows = [...unsorted].sort(byKey);
  const column = <V>(pick: (row: LedgerRow) => V): V[] => rows.map(pick);
  await tx.query(sql`
    insert into memberships (space_id, target_id, origin_id, person_id, variant, level, normaliser, seq, entered_us,
      entered_original_us, entered_arrival, mapping_id, email, phone, idfa, aaid)
    select * from unnest(${column((r) => r.spaceId)}::bigint[], ${column((r) => r.targetId)}::bigint[],
      ${column((r) => r.originId)}::bigint[], ${column((r) => r.personId)}::bigint[],
      ${column((r) => Buffer.from(r.variant, 'hex'))}::bytea[], ${column((r) => r.level)}::smallint[],
      ${column((r) => r.normaliser)}::smallint[], ${column((r) => r.seq)}::bigint[],
      ${column((r) => r.entered.timeUs)}::bigint[], ${column((r) => r.entered.originalUs)}::bigint[],
      ${column((r) => r.entered.arrival)}::bigint[], ${column((r) => r.mappingId)}::bigint[],
      ${column((r) => r.hashes[0])}::bytea[], ${column((r) => r.hashes[1])}::bytea[],
      ${column((r) => r.hashes[2])}::bytea[], ${column((r) => r.hashes[3])}::bytea[])
    ${onConflict}`);
}

const byKey = (a: LedgerRow, b: LedgerRow): number =>
  a.spaceId - b.spaceId ||
  a.targetId - b.targetId ||
  a.originId - b.originId ||
  a.personId - b.personId ||
  (a.variant < b.variant ? -1 : 1);

export async function deleteRowsOfPerson(tx: Tx, spaceId: SpaceId, personId: PersonId): Promise<void> {
  await tx.query(sql`delete from memberships where space_id = ${spaceId} and person_id = ${personId}`);
}

/** Of seqs that were just drawn, so none of them is there. */
export const insertPointers = (tx: Tx, pointers: readonly Pointer[]): Promise<void> =>
  writePointers(tx, pointers, empty);

/** Owed once more: a pointer that still stands is enough. */
export const repeatPointers = (tx: Tx, pointers: readonly Pointer[]): Promise<void> =>
  writePointers(tx, pointers, sql`on conflict do nothing`);

async function writePointers(tx: Tx, pointers: readonly Pointer[], onConflict: Sql): Promise<void> {
  if (pointers.length === 0) return;
  const column = <V>(pick: (p: Pointer) => V): V[] => pointers.map(pick);
  await tx.query(sql`
    insert into changes (space_id, target_id, lane, seq, origin_id, person_id)
    select * from unnest(${column((p) => p.spaceId)}::bigint[], ${column((p) => p.targetId)}::bigint[],
      ${column((p) => p.lane)}::smallint[], ${column((p) => p.seq)}::bigint[], ${column((p) => p.originId)}::bigint[],
      ${column((p) => p.personId)}::bigint[])
    ${onConflict}`);
}

/**
 * Absent rows settled before `before` are forgotten (rule 7: thirty days), but not while TikTok refuses the removal: it
 * still holds them. Says how many. Locked, so deleted by their place; `offset 0` looks up what is parked (decision 0018).
 */
export async function sweepAbsentRows(tx: Tx, before: Date, limit: number): Promise<number> {
  const rows = await tx.query<{ n: number }>(sql`
    with old as (
      select m.ctid from memberships m
      where m.level = 0 and m.settled_at < ${before} and not exists (
        select 1 from parked p where p.space_id = m.space_id and p.target_id = m.target_id and p.origin_id = m.origin_id
          and p.person_id = m.person_id and p.variant = m.variant and p.seq = m.seq offset 0)
      limit ${limit} for update of m skip locked
    ), gone as (
      delete from memberships where ctid = any(array(select ctid from old)) returning 1
    ) select count(*) as n from gone`);
  return rows[0]?.n ?? 0;
}

// Direct exits -----------------------------------------------------------------------------------------------------------

interface DirectExitRow extends Row {
  space_id: SpaceId;
  target_id: TargetId;
  person_id: PersonId;
  at_us: number;
  original_us: number;
  arrival: number;
}

export async function selectDirectExits(q: Queryable, people: readonly PersonKey[]): Promise<DirectExit[]> {
  const rows = await q.query<DirectExitRow>(sql`
    select d.space_id, d.target_id, d.person_id, d.at_us, d.original_us, d.arrival
    from unnest(${people.map((p) => p.spaceId)}::bigint[], ${people.map((p) => p.personId)}::bigint[]) as k (space_id, person_id)
    cross join lateral (
      select * from direct_exits e where e.space_id = k.space_id and e.person_id = k.person_id offset 0
    ) d`);
  return rows.map((row) => ({
    spaceId: row.space_id,
    targetId: row.target_id,
    personId: row.person_id,
    stamp: { timeUs: row.at_us, originalUs: row.original_us, arrival: row.arrival },
  }));
}

export async function upsertDirectExits(tx: Tx, exits: readonly DirectExit[]): Promise<void> {
  if (exits.length === 0) return;
  const rows = [...exits].sort((a, b) => a.spaceId - b.spaceId || a.targetId - b.targetId || a.personId - b.personId);
  const column = <V>(pick: (e: DirectExit) => V): V[] => rows.map(pick);
  await tx.query(sql`
    insert into direct_exits (space_id, target_id, person_id, at_us, original_us, arrival)
    select * from unnest(${column((e) => e.spaceId)}::bigint[], ${column((e) => e.targetId)}::bigint[],
      ${column((e) => e.personId)}::bigint[], ${column((e) => e.stamp.timeUs)}::bigint[],
      ${column((e) => e.stamp.originalUs)}::bigint[], ${column((e) => e.stamp.arrival)}::bigint[])
    on conflict (space_id, target_id, person_id) do update set
      at_us = excluded.at_us, original_us = excluded.original_us, arrival = excluded.arrival`);
}

export async function deleteDirectExits(tx: Tx, spaceId: SpaceId, personId: PersonId): Promise<void> {
  await tx.query(sql`delete from direct_exits where space_id = ${spaceId} and person_id = ${personId}`);
}
