import { own } from '../kernel/json.ts';

/** Segment's own splitting of a path: dots, and brackets around numbers or quoted names (segment-spec.md 5.2). */
const separators = /\[(?="|'|\d)|\.|(?<="|'|\d)]+/g;

/** Reads one place of an event. */
export type Read = (data: unknown) => unknown;

/**
 * Compiles a path of the mapping kit. As in Segment's kit a falsy value on the way (0, "", false, null) is the answer; unlike
 * it, only own properties are read, so that `event.length` or `constructor` are no values (T13).
 */
export function compilePath(path: string): Read {
  const local = path.replace('$.', '');
  if (local === '' || local === '.') return (data) => data;
  const keys = local
    .split(separators)
    .filter((key) => key !== '')
    .map((key) => key.replace(/'|"/g, ''));
  const [first = '', second = '', third = ''] = keys;
  if (keys.length === 1) return (data) => step(data, first);
  if (keys.length === 2) return (data) => step(step(data, first), second);
  if (keys.length === 3) return (data) => step(step(step(data, first), second), third);
  return (data) => {
    let value = data;
    for (const key of keys) value = step(value, key);
    return value;
  };
}

const step = (value: unknown, key: string): unknown => (value ? own(value, key) : value);
