/**
 * How many hold each hash of a target once a change is through, for rule 10 in a dry run of a million members: open
 * addressing in typed arrays, 64 bytes a hash at most. A hash is known by 48 of its bits and its type: of two million hashes
 * two are taken for one in one of a hundred dry runs, and then a single row is counted wrongly.
 */
export class HashTally {
  #keys = new Float64Array(1_024).fill(-1);
  /** What the change adds and takes away. */
  #changes = new Int32Array(1_024);
  /** Who holds it now, and 1 more; 0: not asked yet. */
  #standing = new Int32Array(1_024);
  #used = 0;

  change(key: number, by: number): void {
    const slot = this.#ownSlot(key);
    this.#changes[slot] = (this.#changes[slot] ?? 0) + by;
  }

  /** So many hold it now. */
  stand(key: number, holders: number): void {
    this.#standing[this.#ownSlot(key)] = holders + 1;
  }

  isKnown(key: number): boolean {
    return (this.#standing[this.#ownSlot(key)] ?? 0) > 0;
  }

  after(key: number): number {
    const slot = this.#ownSlot(key);
    return Math.max(0, (this.#standing[slot] ?? 0) - 1) + (this.#changes[slot] ?? 0);
  }

  #ownSlot(key: number): number {
    if (this.#used * 2 >= this.#keys.length) this.#grow();
    const slot = this.#slotOf(key);
    if (this.#keys[slot] !== key) {
      this.#keys[slot] = key;
      this.#used += 1;
    }
    return slot;
  }

  /** Where the key is, or would be. The hashes are random already: their lower bits spread them. */
  #slotOf(key: number): number {
    const mask = this.#keys.length - 1;
    for (let slot = (key % 4_294_967_296) & mask; ; slot = (slot + 1) & mask) {
      const found = this.#keys[slot];
      if (found === -1 || found === key) return slot;
    }
  }

  #grow(): void {
    const [keys, changes, standing] = [this.#keys, this.#changes, this.#standing];
    this.#keys = new Float64Array(keys.length * 2).fill(-1);
    this.#changes = new Int32Array(keys.length * 2);
    this.#standing = new Int32Array(keys.length * 2);
    for (const [i, key] of keys.entries()) {
      if (key === -1) continue;
      const slot = this.#slotOf(key);
      this.#keys[slot] = key;
      this.#changes[slot] = changes[i] ?? 0;
      this.#standing[slot] = standing[i] ?? 0;
    }
  }
}

export const hashKey = (type: number, hash: Buffer): number => hash.readUIntBE(0, 6) * 4 + type;

/** The hashes of a row by type; -1 where it has none. */
export type RowKeys = readonly [number, number, number, number];

/** The keys of as many rows as there are, 32 bytes each. */
export class RowLog {
  #values = new Float64Array(4_096);
  #length = 0;

  push(row: RowKeys): void {
    if (this.#length + 4 > this.#values.length) {
      const grown = new Float64Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values.set(row, this.#length);
    this.#length += 4;
  }

  *rows(): Generator<Float64Array> {
    for (let i = 0; i < this.#length; i += 4) yield this.#values.subarray(i, i + 4);
  }
}
