import {
  type FqlExpression,
  type FqlLiteral,
  type FqlOperand,
  type FqlOperator,
  type FqlPath,
  fqlDepthMax,
  fqlFunctions,
  fqlGlobMax,
  fqlTextMax,
  type ParsedFql,
} from './fql.ts';
import { FqlSyntaxError, type FqlToken, fqlTokens } from './fql-tokens.ts';

/**
 * Reads a trigger. The grammar is segment-spec.md 6.2: `and` binds tighter than `or`, `!` negates what follows it, and
 * whatever Segment's own library lets pass by mistake (6.4) is a problem with its place in the text.
 */
export function parseFql(text: string): ParsedFql {
  if (text.length > fqlTextMax) return problem(fqlTextMax, `a trigger has at most ${fqlTextMax} characters`);
  try {
    return { ok: true, value: new Parser(fqlTokens(text)).whole() };
  } catch (error) {
    if (error instanceof FqlSyntaxError) return { ok: false, error: error.problem };
    throw error;
  }
}

const problem = (at: number, message: string): ParsedFql => ({ ok: false, error: { at, message } });

const operators: readonly FqlOperator[] = ['=', '!=', '<', '<=', '>', '>='];
/** Fields that an event has at its top (segment-spec.md 1.5); any other bare word on the right is a forgotten quote. */
const topLevelFields = new Set([
  'type',
  'event',
  'name',
  'category',
  'userId',
  'anonymousId',
  'previousId',
  'groupId',
  'messageId',
  'channel',
  'properties',
  'traits',
  'context',
  'integrations',
  'timestamp',
  'originalTimestamp',
  'receivedAt',
  'sentAt',
  'version',
]);

class Parser {
  readonly #tokens: readonly FqlToken[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly FqlToken[]) {
    this.#tokens = tokens;
  }

  whole(): FqlExpression {
    if (this.#token().kind === 'end')
      throw new FqlSyntaxError(0, 'a trigger needs a condition, such as event = "Audience Entered"');
    const expression = this.#or();
    const rest = this.#token();
    if (rest.kind !== 'end') throw this.#unexpected(rest, '"and", "or" or the end');
    return expression;
  }

  #or(): FqlExpression {
    const parts = [this.#and()];
    while (this.#takeWord('or')) parts.push(this.#and());
    return group('or', parts);
  }

  #and(): FqlExpression {
    const parts = [this.#unary()];
    while (this.#takeWord('and')) parts.push(this.#unary());
    return group('and', parts);
  }

  #unary(): FqlExpression {
    return this.#nested(() => {
      if (this.#takeSign('!')) {
        const negated = this.#textTest(true);
        return negated ?? { kind: 'not', part: this.#unary() };
      }
      if (this.#takeSign('(')) {
        const inner = this.#or();
        this.#needSign(')');
        return inner;
      }
      return this.#textTest(false) ?? this.#comparison();
    });
  }

  /** contains(…) and match(…), or nothing if something else comes. */
  #textTest(negated: boolean): FqlExpression | undefined {
    if (!this.#isCall('contains') && !this.#isCall('match')) return undefined;
    const name = this.#isCall('contains') ? 'contains' : 'match';
    this.#next += 2;
    const text = this.#operand();
    this.#needSign(',');
    const at = this.#token().at;
    const second = this.#operand();
    this.#needSign(')');
    if (name === 'contains') return { kind: 'contains', text, part: second, negated };
    if (second.kind !== 'literal' || typeof second.value !== 'string') {
      throw new FqlSyntaxError(at, 'the pattern of match() must be a text in quotes');
    }
    if (second.value.length > fqlGlobMax) {
      throw new FqlSyntaxError(at, `the pattern of match() has at most ${fqlGlobMax} characters`);
    }
    return { kind: 'match', text, glob: second.value, negated };
  }

  #comparison(): FqlExpression {
    const at = this.#token().at;
    const left = this.#operand();
    const operator = this.#takeOperator();
    if (operator !== undefined) {
      const rightAt = this.#token();
      const right = this.#operand(`a value after ${operator}`);
      refuseForgottenQuotes(rightAt, right);
      return { kind: 'compare', operator, left, right };
    }
    if (this.#takeWord('in')) return { kind: 'in', item: left, list: this.#list() };
    if (left.kind === 'path' || (left.kind === 'call' && left.name === 'bool')) return { kind: 'truth', operand: left };
    const token = this.#token();
    if (token.kind === 'end' || token.kind === 'sign') {
      throw new FqlSyntaxError(at, 'this is no condition yet; compare it with something, for example = "…"');
    }
    throw this.#unexpected(token, 'a comparison such as =');
  }

  #operand(wanted = 'a field or a value'): FqlOperand {
    return this.#nested(() => {
      const token = this.#token();
      if (token.kind === 'text' || token.kind === 'number') {
        this.#next += 1;
        return { kind: 'literal', value: token.value };
      }
      if (token.kind !== 'path') throw this.#unexpected(token, wanted);
      const word = token.plain ? token.keys[0] : undefined;
      if (word !== undefined && this.#signAt(1) === '(') return this.#call(word, token.at);
      this.#next += 1;
      return wordToLiteral(word, token.at) ?? { kind: 'path', keys: token.keys };
    });
  }

  #call(word: string, at: number): FqlOperand {
    const name = fqlFunctions.find((known) => known === word);
    if (name === undefined) throw new FqlSyntaxError(at, unknownFunction(word));
    this.#next += 2;
    const argument = this.#operand();
    this.#needSign(')');
    return { kind: 'call', name, argument };
  }

  #list(): readonly FqlLiteral[] | FqlPath {
    const token = this.#token();
    if (token.kind === 'path') {
      this.#next += 1;
      return { kind: 'path', keys: token.keys };
    }
    this.#needSign('[');
    const list = [this.#literal()];
    while (this.#takeSign(',')) list.push(this.#literal());
    this.#needSign(']');
    return list;
  }

  #literal(): FqlLiteral {
    const token = this.#token();
    const operand = this.#operand();
    if (operand.kind !== 'literal')
      throw new FqlSyntaxError(token.at, 'a list holds values: texts in quotes, numbers, true, false, null');
    return operand;
  }

  #nested<Value>(read: () => Value): Value {
    this.#depth += 1;
    if (this.#depth > fqlDepthMax)
      throw new FqlSyntaxError(this.#token().at, `nested deeper than ${fqlDepthMax} levels`);
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #token(): FqlToken {
    const token = this.#tokens[this.#next];
    if (token === undefined) throw new RangeError('read past the end of the tokens');
    return token;
  }

  #signAt(ahead: number): string | undefined {
    const token = this.#tokens[this.#next + ahead];
    return token?.kind === 'sign' ? token.value : undefined;
  }

  #isCall(name: string): boolean {
    return this.#isWord(name) && this.#signAt(1) === '(';
  }

  #isWord(word: string): boolean {
    const token = this.#token();
    return token.kind === 'path' && token.plain && token.keys[0] === word;
  }

  #takeWord(word: string): boolean {
    if (!this.#isWord(word)) return false;
    this.#next += 1;
    return true;
  }

  #takeSign(sign: string): boolean {
    if (this.#signAt(0) !== sign) return false;
    this.#next += 1;
    return true;
  }

  #takeOperator(): FqlOperator | undefined {
    const operator = operators.find((known) => known === this.#signAt(0));
    if (operator !== undefined) this.#next += 1;
    return operator;
  }

  #needSign(sign: string): void {
    if (!this.#takeSign(sign)) throw this.#unexpected(this.#token(), `"${sign}"`);
  }

  #unexpected(token: FqlToken, wanted: string): FqlSyntaxError {
    const word = token.kind === 'path' && token.plain ? token.keys[0] : undefined;
    const keyword = word?.toLowerCase() ?? '';
    if (word !== keyword && ['and', 'or', 'in'].includes(keyword)) {
      return new FqlSyntaxError(token.at, `write "${keyword}" in lower case instead of "${word}"`);
    }
    return new FqlSyntaxError(token.at, `expected ${wanted}, found ${nameOf(token)}`);
  }
}

/** Groups of one kind within each other are one group, so that printing and reading give the same tree. */
function group(kind: 'and' | 'or', parts: readonly FqlExpression[]): FqlExpression {
  const [only, ...others] = parts.flatMap((part) => (part.kind === kind ? part.parts : [part]));
  if (only === undefined) throw new RangeError('a group without parts');
  return others.length === 0 ? only : { kind, parts: [only, ...others] };
}

function wordToLiteral(word: string | undefined, at: number): FqlLiteral | undefined {
  if (word === undefined) return undefined;
  if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' };
  if (word === 'null') return { kind: 'literal', value: null };
  const lower = word.toLowerCase();
  if (['true', 'false', 'null'].includes(lower))
    throw new FqlSyntaxError(at, `write "${lower}" in lower case instead of "${word}"`);
  if (['and', 'or', 'in'].includes(word)) throw new FqlSyntaxError(at, `expected a field or a value, found "${word}"`);
  if (lower === 'not') throw new FqlSyntaxError(at, `"${word}" is not known; write ! before the condition`);
  return undefined;
}

function refuseForgottenQuotes(token: FqlToken, operand: FqlOperand): void {
  if (operand.kind !== 'path' || token.kind !== 'path' || !token.plain) return;
  const word = operand.keys[0] ?? '';
  if (!topLevelFields.has(word))
    throw new FqlSyntaxError(token.at, `events have no field "${word}"; a text needs quotes: "${word}"`);
}

function unknownFunction(word: string): string {
  const lower = word.toLowerCase();
  const known: readonly string[] = [...fqlFunctions, 'contains', 'match'];
  if (word !== lower && known.includes(lower)) return `write "${lower}" in lower case instead of "${word}"`;
  if (lower === 'not') return `"${word}" is not known; write ! before the condition`;
  if (word === 'contains' || word === 'match') return `${word}() is a condition of its own and cannot be compared`;
  return `there is no function "${word}"`;
}

function nameOf(token: FqlToken): string {
  switch (token.kind) {
    case 'end':
      return 'the end';
    case 'path':
      return `"${token.keys.join('.')}"`;
    case 'text':
      return 'a text in quotes';
    case 'number':
      return String(token.value);
    case 'sign':
      return `"${token.value}"`;
  }
}
