import type { FqlProblem } from './fql.ts';

/** `at` is the place in the text, for messages. Paths keep their keys apart, because an escaped dot is part of a key. */
export type FqlToken =
  | { readonly kind: 'path'; readonly at: number; readonly keys: readonly string[]; readonly plain: boolean }
  | { readonly kind: 'text'; readonly at: number; readonly value: string }
  | { readonly kind: 'number'; readonly at: number; readonly value: number }
  | { readonly kind: 'sign'; readonly at: number; readonly value: string }
  | { readonly kind: 'end'; readonly at: number };

/** Thrown inside the parser only, caught at its front door. */
export class FqlSyntaxError extends Error {
  readonly problem: FqlProblem;
  constructor(at: number, message: string) {
    super(message);
    this.problem = { at, message };
  }
}

/** The characters that need no `\` in a key; the rest of the world's letters are let through as well. */
const keyCharacter = /[a-zA-Z0-9_$\-\u0080-\uffff]/;
const keyStart = /[a-zA-Z_$\\\u0080-\uffff]/;
const blank = /\s/;
const signs = ['!=', '<=', '>=', '=', '<', '>', '!', '(', ')', '[', ']', ','];

/** Cuts the text into tokens, the end last. */
export function fqlTokens(text: string): FqlToken[] {
  const tokens: FqlToken[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (blank.test(character)) {
      at += 1;
      continue;
    }
    const [token, next] = readToken(text, at);
    tokens.push(token);
    at = next;
  }
  tokens.push({ kind: 'end', at: text.length });
  return tokens;
}

type Read = [token: FqlToken, next: number];

function readToken(text: string, at: number): Read {
  const character = text.charAt(at);
  if (character === '"' || character === "'") return readText(text, at);
  if (/[0-9]/.test(character) || (/[-+]/.test(character) && /[0-9]/.test(text.charAt(at + 1)))) {
    return readNumber(text, at);
  }
  if (keyStart.test(character)) return readPath(text, at);
  refuseForeignSigns(text, at);
  const value = signs.find((sign) => text.startsWith(sign, at));
  if (value === undefined) throw new FqlSyntaxError(at, `"${character}" has no meaning here`);
  return [{ kind: 'sign', at, value }, at + value.length];
}

/** Signs of other languages, with what to write instead. */
function refuseForeignSigns(text: string, at: number): void {
  const instead = [
    ['==', '='],
    ['&&', 'and'],
    ['||', 'or'],
    ['<>', '!='],
  ] as const;
  for (const [found, wanted] of instead) {
    if (text.startsWith(found, at)) throw new FqlSyntaxError(at, `"${found}" is not known; write ${wanted}`);
  }
}

/** `\` before a quote or a backslash takes it literally; before anything else it stays, for the patterns of match(). */
function readText(text: string, start: number): Read {
  const quote = text.charAt(start);
  let value = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === quote) return [{ kind: 'text', at: start, value }, at + 1];
    const next = text.charAt(at + 1);
    if (character === '\\' && (next === '"' || next === "'" || next === '\\')) {
      value += next;
      at += 1;
    } else {
      value += character;
    }
  }
  throw new FqlSyntaxError(start, `the text that starts here has no closing ${quote}`);
}

function readNumber(text: string, at: number): Read {
  const found = /^[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/.exec(text.slice(at, at + 400))?.[0] ?? '';
  const next = at + found.length;
  const value = Number(found);
  if (!Number.isFinite(value)) throw new FqlSyntaxError(at, 'this number is too large');
  if (next < text.length && /[a-zA-Z0-9_.$\\-]/.test(text.charAt(next))) {
    throw new FqlSyntaxError(at, `a number cannot go on with "${text.charAt(next)}"`);
  }
  return [{ kind: 'number', at, value }, next];
}

function readPath(text: string, start: number): Read {
  const keys: string[] = [];
  let plain = true;
  let at = start;
  for (;;) {
    const [key, next, escaped] = readKey(text, at);
    keys.push(key);
    plain &&= !escaped;
    at = next;
    for (let index = readIndex(text, at); index !== undefined; index = readIndex(text, at)) {
      keys.push(index);
      at += index.length + 2;
    }
    if (text.charAt(at) !== '.') break;
    at += 1;
  }
  return [{ kind: 'path', at: start, keys, plain: plain && keys.length === 1 }, at];
}

function readKey(text: string, start: number): [key: string, next: number, escaped: boolean] {
  let key = '';
  let at = start;
  let escaped = false;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '\\') {
      if (at + 1 >= text.length) throw new FqlSyntaxError(at, 'a character is missing after "\\"');
      key += text.charAt(at + 1);
      escaped = true;
      at += 2;
    } else if (keyCharacter.test(character) && !blank.test(character)) {
      key += character;
      at += 1;
    } else break;
  }
  if (key === '') throw new FqlSyntaxError(at, 'a name is missing after "."');
  return [key, at, escaped];
}

const readIndex = (text: string, at: number): string | undefined =>
  /^\[([0-9]{1,9})\]/.exec(text.slice(at, at + 11))?.[1];
