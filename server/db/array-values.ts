/**
 * Arrays as PostgreSQL's binary form, where a statement says their type: `${ids}::bigint[]`. node-postgres writes arrays as
 * text, each element through two regular expressions and bytes as hex, which was 17 % of the server's time under load, and
 * the database reads them back. Form: `array_recv` and the `…recv` of the elements in PostgreSQL's sources.
 */
interface ElementType {
  readonly oid: number;
  /** Bytes that an element takes at most; undefined: not of the kind this type is made of, so node-postgres shall see to it. */
  readonly room: (element: unknown) => number | undefined;
  /** Writes it, and says how many bytes it took. */
  readonly write: (into: Buffer, element: unknown, at: number) => number;
}

const roomOfInteger = (bytes: number) => {
  const least = -(2 ** (8 * bytes - 1));
  return (element: unknown): number | undefined =>
    Number.isSafeInteger(element) && (element as number) >= least && (element as number) < -least ? bytes : undefined;
};

const elementTypes: Readonly<Record<string, ElementType>> = {
  bigint: {
    oid: 20,
    room: roomOfInteger(8),
    write(into, element, at) {
      const high = Math.floor((element as number) / 2 ** 32);
      into.writeInt32BE(high, at);
      into.writeUInt32BE((element as number) - high * 2 ** 32, at + 4);
      return 8;
    },
  },
  int: { oid: 23, room: roomOfInteger(4), write: (into, element, at) => into.writeInt32BE(element as number, at) - at },
  smallint: {
    oid: 21,
    room: roomOfInteger(2),
    write: (into, element, at) => into.writeInt16BE(element as number, at) - at,
  },
  bytea: {
    oid: 17,
    room: (element) => (Buffer.isBuffer(element) ? element.length : undefined),
    write: (into, element, at) => (element as Buffer).copy(into, at),
  },
  text: {
    oid: 25,
    // A UTF-16 unit is three bytes of UTF-8 at most.
    room: (element) => (typeof element === 'string' ? 3 * element.length : undefined),
    write: (into, element, at) => into.write(element as string, at, 'utf8'),
  },
};

const castArray = /\$(\d+)::(bigint|int|integer|smallint|bytea|text)\[\]/g;
type Casts = readonly (readonly [index: number, type: ElementType])[];
const castsOf = new Map<string, Casts>();

/** The values of a statement, its arrays encoded; what does not fit the type it is cast to is left for the database to judge. */
export function boundValues(statement: { readonly text: string; readonly values: unknown[] }): unknown[] {
  const casts = castsIn(statement.text);
  if (casts.length === 0) return statement.values;
  const values = [...statement.values];
  for (const [index, type] of casts) {
    const value = values[index];
    if (Array.isArray(value)) values[index] = encodedArray(value, type) ?? value;
  }
  return values;
}

/** Statements are written in the sources: some hundred texts, or a few more where a list of conditions is put together. */
const textsMost = 2_000;

function castsIn(text: string): Casts {
  const known = castsOf.get(text);
  if (known) return known;
  const casts = [...text.matchAll(castArray)].flatMap(([, number, name]) => {
    const type = elementTypes[name === 'integer' ? 'int' : (name ?? '')];
    return type ? [[Number(number) - 1, type] as const] : [];
  });
  if (castsOf.size === textsMost) castsOf.clear();
  castsOf.set(text, casts);
  return casts;
}

const headerBytes = 20;

function encodedArray(items: readonly unknown[], type: ElementType): Buffer | undefined {
  let room = headerBytes;
  // By index: elements of so many kinds come by here that an iterator would make an object for each.
  for (let i = 0; i < items.length; i += 1) {
    const item = items[i];
    const bytes = item === null ? 0 : type.room(item);
    if (bytes === undefined) return undefined;
    room += 4 + bytes;
  }
  const into = Buffer.allocUnsafe(room);
  let at = into.writeInt32BE(items.length === 0 ? 0 : 1, 0); // dimensions
  at = into.writeInt32BE(items.includes(null) ? 1 : 0, at);
  at = into.writeInt32BE(type.oid, at);
  if (items.length === 0) return into.subarray(0, at);
  at = into.writeInt32BE(items.length, at);
  at = into.writeInt32BE(1, at); // the first index
  for (let i = 0; i < items.length; i += 1) {
    const item = items[i];
    const bytes = item === null ? -1 : type.write(into, item, at + 4);
    at = into.writeInt32BE(bytes, at) + Math.max(0, bytes);
  }
  return into.subarray(0, at);
}
