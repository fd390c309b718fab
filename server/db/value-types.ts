import pg from 'pg';

const int8 = 20;
const int8Array = 1016;
const date = 1082;

/** A count or id beyond 2^53 is an error of that query, never a rounded number. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('bigint too large for a number');
  return value;
}

const parseTextArray: (text: string) => (string | null)[] = pg.types.getTypeParser(int8Array as 20);

function parseInt8Array(text: string): (number | null)[] {
  return parseTextArray(text).map((item) => (item === null ? null : parseInt8(item)));
}

/** How values come back, the same on both engines (stack.md 4, "Types"). A date stays text: it has no time zone. */
export const valueTypes: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === int8) return parseInt8;
    if (oid === int8Array) return parseInt8Array;
    if (oid === date) return String;
    return pg.types.getTypeParser(oid, format as 'text');
  },
};
