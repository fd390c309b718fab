import type { DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable } from '../db/port.ts';
import { type AskedHash, countHolders, selectParkedAmong } from './dry-run.sql.ts';
import { HashTally, hashKey, type RowKeys, RowLog } from './hash-tally.ts';
import type { DraftedRow } from './level.ts';
import { absent, type Hashes, type LedgerRow, present } from './rows.ts';

export interface Effect {
  /** Rows that TikTok would be told to add. */
  readonly adds: number;
  /** Rows that it would be told to remove: of hashes that somebody else holds nothing is told (rule 10). */
  readonly removes: number;
  /** Hashes in those rows, by which calls fill up. */
  readonly addHashes: number;
  readonly removeHashes: number;
  /** People who are there now and would be no more. */
  readonly peopleRemoved: number;
  /** People whose rows nothing makes any more: keep or remove decides about them (rule 12). */
  readonly peopleLeft: number;
}

interface TargetTally {
  adds: number;
  addHashes: number;
  peopleRemoved: number;
  peopleLeft: number;
  readonly holders: HashTally;
  readonly removed: RowLog;
}

/** Adds up what a dry run drafts, chunk by chunk; who holds a hash in the end is known only after the last one. */
export class EffectTally {
  readonly #destinationId: DestinationId;
  readonly #targets = new Map<TargetId, TargetTally>();

  constructor(destinationId: DestinationId) {
    this.#destinationId = destinationId;
  }

  /** All rows of some people, a list for each person. No person comes twice. */
  async add(q: Queryable, spaceId: SpaceId, people: readonly (readonly DraftedRow[])[]): Promise<void> {
    const ended: LedgerRow[] = [];
    for (const rows of people) {
      const mine = rows.filter(({ row }) => row.destinationId === this.#destinationId);
      this.#addPerson(mine);
      for (const { row, before } of mine) {
        if (before && before.level !== row.level && row.level !== present) ended.push(before);
        if (row.level === absent && before && before.level !== absent)
          this.#of(row.targetId).removed.push(keysOf(row.hashes));
        if (row.level === present && before?.level !== present) this.#added(row);
      }
    }
    await this.#addEnded(q, spaceId, ended);
  }

  *effects(): Generator<[TargetId, Effect]> {
    for (const [targetId, { holders, removed, ...counted }] of this.#targets) {
      let removes = 0;
      let removeHashes = 0;
      for (const keys of removed.rows()) {
        const told = keys.filter((key) => key >= 0 && holders.after(key) <= 0).length;
        removeHashes += told;
        if (told > 0) removes += 1;
      }
      yield [targetId, { ...counted, removes, removeHashes }];
    }
  }

  #addPerson(rows: readonly DraftedRow[]): void {
    for (const targetId of new Set(rows.map(({ row }) => row.targetId))) {
      const here = rows.filter(({ row }) => row.targetId === targetId);
      const was = here.some(({ before }) => before !== undefined && before.level !== absent);
      const is = here.some(({ row }) => row.level !== absent);
      if (was && !is) this.#of(targetId).peopleRemoved += 1;
      if (here.some(({ left }) => left)) this.#of(targetId).peopleLeft += 1;
    }
  }

  #added(row: LedgerRow): void {
    const target = this.#of(row.targetId);
    target.adds += 1;
    for (const key of keysOf(row.hashes)) {
      if (key < 0) continue;
      target.addHashes += 1;
      target.holders.change(key, 1);
    }
  }

  /** Who holds the hashes of ended rows now; a parked row held nothing. */
  async #addEnded(q: Queryable, spaceId: SpaceId, ended: readonly LedgerRow[]): Promise<void> {
    const parked = await selectParkedAmong(q, ended);
    const asked = new Map<string, AskedHash & { key: number }>();
    for (const [i, row] of ended.entries()) {
      const { holders } = this.#of(row.targetId);
      for (const [type, hash] of row.hashes.entries()) {
        if (!hash) continue;
        const key = hashKey(type, hash);
        if (row.level === present && !parked.has(i)) holders.change(key, -1);
        if (!holders.isKnown(key)) asked.set(`${row.targetId} ${key}`, { targetId: row.targetId, type, hash, key });
      }
    }
    const wanted = [...asked.values()];
    for (const [i, holding] of (await countHolders(q, spaceId, wanted)).entries()) {
      const one = wanted[i];
      if (one) this.#of(one.targetId).holders.stand(one.key, holding);
    }
  }

  #of(targetId: TargetId): TargetTally {
    let target = this.#targets.get(targetId);
    if (!target) {
      target = {
        adds: 0,
        addHashes: 0,
        peopleRemoved: 0,
        peopleLeft: 0,
        holders: new HashTally(),
        removed: new RowLog(),
      };
      this.#targets.set(targetId, target);
    }
    return target;
  }
}

const keysOf = ([email, phone, idfa, aaid]: Hashes): RowKeys => [
  email ? hashKey(0, email) : -1,
  phone ? hashKey(1, phone) : -1,
  idfa ? hashKey(2, idfa) : -1,
  aaid ? hashKey(3, aaid) : -1,
];
