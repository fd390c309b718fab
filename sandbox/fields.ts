import { own } from '../server/kernel/json.ts';
import { badField, type Refusal } from './answer.ts';

/** A call as it came in: fields of the query (GET) or of the JSON body (POST). */
export interface Input {
  readonly query: URLSearchParams;
  /** Undefined on GET, and when the body is no JSON object. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly token: string | undefined;
}

/**
 * Reads a call's fields one after another and keeps the first problem. After a problem the values mean nothing: look at
 * `problem` before using them.
 */
export interface Fields {
  readonly problem: Refusal | undefined;
  report(problem: Refusal): void;
  has(name: string): boolean;
  /** Anything that is there, unread. */
  raw(name: string): unknown;
  text(name: string): string;
  optionalText(name: string): string | undefined;
  /** A decimal id: text, or a number as far as JSON carries it exactly (tiktok-api.md 1, "IDs"). */
  id(name: string): string;
  idList(name: string, bounds: { min: number; max: number; overCode?: number }): string[];
  textList(name: string): string[];
  count(name: string, bounds: { min: number; max: number; preset: number }): number;
  oneOf<Value extends string>(name: string, values: readonly Value[], preset: Value): Value;
  flag(name: string, preset: boolean): boolean;
}

export function readFields(input: Input): Fields {
  let problem: Refusal | undefined;
  const report = (found: Refusal): void => {
    problem ??= found;
  };
  const raw = (name: string): unknown =>
    input.body === undefined ? (input.query.get(name) ?? undefined) : own(input.body, name);
  const required = (name: string): unknown => {
    const value = raw(name);
    if (value === undefined || value === null || value === '')
      report({ code: 40002, message: `Missing required field(s): ${name}.` });
    return value;
  };
  const list = (name: string, value: unknown): unknown[] => {
    const array = typeof value === 'string' ? parseArray(value) : value;
    if (Array.isArray(array)) return array;
    report(badField(name, 'Not a valid list.'));
    return [];
  };
  const text = (name: string, value: unknown): string => {
    if (typeof value === 'string') return value;
    report(badField(name, 'Not a valid string.'));
    return '';
  };
  const texts = (name: string, value: unknown): string[] => list(name, value).map((one) => text(name, one));
  return {
    get problem() {
      return problem;
    },
    report,
    raw,
    has: (name) => raw(name) !== undefined,
    text: (name) => text(name, required(name)),
    optionalText: (name) => (raw(name) === undefined ? undefined : text(name, raw(name))),
    id(name) {
      const id = idText(required(name));
      if (id === undefined) report(badField(name, 'Not a valid id.'));
      return id ?? '';
    },
    idList(name, { min, max, overCode = 40002 }) {
      const ids = list(name, required(name)).map(idText);
      if (ids.some((id) => id === undefined)) report(badField(name, 'Not a valid id.'));
      if (ids.length < min) report(badField(name, `Shorter than minimum length ${min}.`));
      if (ids.length > max) report({ code: overCode, message: `${name}: Longer than maximum length ${max}.` });
      return ids.filter((id) => id !== undefined);
    },
    textList: (name) => texts(name, required(name)),
    count(name, { min, max, preset }) {
      const value = raw(name);
      const number = value === undefined ? preset : Number(value);
      if (!Number.isInteger(number) || number < min || number > max)
        report(badField(name, `Must be an integer from ${min} to ${max}.`));
      return number;
    },
    oneOf(name, values, preset) {
      const value = raw(name);
      const known = values.find((one) => one === (value ?? preset));
      if (known === undefined) report(badField(name, `Must be one of: ${values.join(', ')}.`));
      return known ?? preset;
    },
    flag(name, preset) {
      const value = raw(name);
      if (value !== undefined && typeof value !== 'boolean') report(badField(name, 'Not a valid boolean.'));
      return typeof value === 'boolean' ? value : preset;
    },
  };
}

/** The text of an id, or undefined when it is none. */
export function idText(value: unknown): string | undefined {
  if (typeof value === 'string') return /^\d{1,32}$/.test(value) ? value : undefined;
  return Number.isSafeInteger(value) && Number(value) >= 0 ? String(value) : undefined;
}

function parseArray(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
