import { compareStamps, type Stamp } from '../../contract/segment-event.ts';
import { isObject } from '../kernel/json.ts';

/**
 * What one enter leaves behind (design.md 4.1, rule 2): who was meant and what mappings may read. Engage sends one event
 * per identifier value, so a member has one record per set of identifier values.
 */
export interface MemberRecord {
  /** Tells sets of identifier values apart. */
  readonly set: string;
  readonly stamp: Stamp;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly traits?: Readonly<Record<string, unknown>>;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly context?: Readonly<Record<string, unknown>>;
}

export interface Member {
  readonly present: boolean;
  readonly entered: Stamp | null;
  readonly exited: Stamp | null;
  /** Events that changed nothing because a newer one was known. */
  readonly late: number;
  readonly records: readonly MemberRecord[];
  /** Records beyond the limit. */
  readonly recordsLost: number;
}

export interface MemberEvent {
  readonly entered: boolean;
  readonly stamp: Stamp;
  readonly record: MemberRecord;
}

/** At most so many sets of identifier values are kept of one member (design.md 4.1, rule 2). */
export const recordsMax = 32;

export const newMember: Member = { present: false, entered: null, exited: null, late: 0, records: [], recordsLost: 0 };

const later = (a: Stamp | null, b: Stamp): Stamp => (a === null || compareStamps(a, b) < 0 ? b : a);

/**
 * I2, rule 1: the member after one more event, whatever order events arrive in: present means that an enter is newer
 * than the newest exit, and the records are those of enters newer than it. An exit that arrives late therefore still
 * ends the older enters, while a newer one keeps the member in.
 */
export function foldMember(member: Member, event: MemberEvent): Member {
  return event.entered ? enter(member, event) : exit(member, event);
}

function enter(member: Member, { stamp, record }: MemberEvent): Member {
  if (member.exited && compareStamps(stamp, member.exited) < 0) return { ...member, late: member.late + 1 };
  const known = member.records.findIndex((r) => r.set === record.set);
  const entered = later(member.entered, stamp);
  const old = member.records[known];
  // Rule 2: track and identify of one change are one record, whichever came first.
  if (old && old.stamp.timeUs === stamp.timeUs && compareStamps(stamp, old.stamp) !== 0) {
    const both = compareStamps(stamp, old.stamp) < 0 ? joined(record, old) : joined(old, record);
    return { ...member, present: true, entered, records: member.records.with(known, both) };
  }
  if (old && compareStamps(stamp, old.stamp) <= 0) return { ...member, late: member.late + 1 };
  if (old) return { ...member, present: true, entered, records: member.records.with(known, record) };
  if (member.records.length >= recordsMax) {
    return { ...member, present: true, entered, recordsLost: member.recordsLost + 1 };
  }
  return { ...member, present: true, entered, records: [...member.records, record] };
}

/** What the newer one says counts, and what only the older one says stays. */
function joined(older: MemberRecord, newer: MemberRecord): MemberRecord {
  const [a, b] = [older.context?.['traits'], newer.context?.['traits']];
  const traits = isObject(a) && isObject(b) ? { traits: { ...a, ...b } } : {};
  return {
    ...older,
    ...newer,
    ...(older.traits || newer.traits ? { traits: { ...older.traits, ...newer.traits } } : {}),
    ...(older.properties || newer.properties ? { properties: { ...older.properties, ...newer.properties } } : {}),
    ...(older.context || newer.context ? { context: { ...older.context, ...newer.context, ...traits } } : {}),
  };
}

function exit(member: Member, { stamp }: MemberEvent): Member {
  if (member.exited && compareStamps(stamp, member.exited) <= 0) return { ...member, late: member.late + 1 };
  const records = member.records.filter((r) => compareStamps(r.stamp, stamp) > 0);
  const overtaken = member.entered !== null && compareStamps(member.entered, stamp) > 0;
  return {
    ...member,
    exited: stamp,
    present: overtaken,
    late: member.late + (overtaken ? 1 : 0),
    records,
  };
}

/**
 * A merge (rule 13): later time wins, present wins, no record is cut. Of somebody present, an exit newer than the newest
 * enter was only the other one's, and is forgotten: it would make the present one's own exit, still on its way, count as late
 * (rule 1), and the person would stay in for ever.
 */
export function mergeMembers(a: Member, b: Member): Member {
  const present = a.present || b.present;
  const entered = a.entered && b.entered ? later(a.entered, b.entered) : (a.entered ?? b.entered);
  const exited = [a.exited, b.exited]
    .filter((exit) => exit !== null)
    .filter((exit) => !present || entered === null || compareStamps(exit, entered) < 0)
    .reduce<Stamp | null>(later, null);
  const bySet = new Map<string, MemberRecord>();
  for (const record of [...a.records, ...b.records]) {
    const known = bySet.get(record.set);
    if (!known || compareStamps(known.stamp, record.stamp) < 0) bySet.set(record.set, record);
  }
  return {
    present,
    entered,
    exited,
    late: a.late + b.late,
    records: [...bySet.values()],
    recordsLost: a.recordsLost + b.recordsLost,
  };
}
