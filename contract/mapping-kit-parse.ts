import {
  type Directive,
  liquidTemplateMax,
  type Mapping,
  type MappingJson,
  type MappingKitProblem,
  mappingDepthMax,
  mappingNodesMax,
  type ParsedMapping,
  replacePatternMax,
  rootDirectiveKey,
} from './mapping-kit.ts';

/**
 * Reads a mapping out of JSON and names every problem with its place. It refuses what Segment's kit refuses, and besides
 * what Segment lets be saved although every event would fail on it (a `@case` operator that does not exist, a second
 * pattern that is too long, unknown directives inside arrays), so that nothing is left to fail per event.
 */
export function parseMapping(json: unknown): ParsedMapping {
  const reader = new MappingReader();
  const value = reader.root(json, []);
  return reader.problems.length > 0 ? { ok: false, error: reader.problems } : { ok: true, value };
}

type Place = readonly string[];
type Body = Readonly<Record<string, unknown>>;
const nothing: Mapping = { kind: 'literal', value: null };

class MappingReader {
  readonly problems: MappingKitProblem[] = [];
  #nodes = 0;

  /** The root, where `__segment_internal_directive` wraps the other keys (segment-spec.md 5.1). */
  root(json: unknown, place: Place): Mapping {
    if (!isObject(json) || !Object.hasOwn(json, rootDirectiveKey)) return this.any(json, place);
    const { [rootDirectiveKey]: directive, ...mapping } = json;
    const at = [...place, rootDirectiveKey];
    const [name, ...others] = isObject(directive) ? Object.keys(directive) : [];
    if (!isObject(directive) || name === undefined || others.length > 0 || !name.startsWith('@')) {
      return this.problem(at, 'must hold a single directive');
    }
    const body = directive[name];
    if (!isObject(body)) return this.problem([...at, name], 'must be an object');
    return this.any({ [name]: { ...body, mapping } }, place);
  }

  any(json: unknown, place: Place): Mapping {
    this.#nodes += 1;
    if (this.#nodes === mappingNodesMax + 1) this.problem(place, `a mapping has at most ${mappingNodesMax} values`);
    if (this.#nodes > mappingNodesMax) return nothing;
    if (place.length > mappingDepthMax) return this.problem(place, `nested deeper than ${mappingDepthMax} levels`);
    if (Array.isArray(json)) {
      return { kind: 'array', items: json.map((item, index) => this.any(item, [...place, String(index)])) };
    }
    if (isObject(json)) return hasDirective(json) ? this.#directive(json, place) : this.#object(json, place);
    if (isScalar(json)) return { kind: 'literal', value: json };
    return this.problem(place, `should be a mapping directive or a JSON value but it is ${typeName(json)}`);
  }

  problem(place: Place, message: string): Mapping {
    this.problems.push({ path: `/${place.join('/')}`, message });
    return nothing;
  }

  /** A text, or a directive that makes one. */
  text(json: unknown, place: Place): Mapping {
    if (typeof json === 'string' || hasDirective(json)) return this.any(json, place);
    return this.problem(place, `should be a string or a mapping directive but it is ${typeName(json)}`);
  }

  object(json: unknown, place: Place): Mapping {
    if (isObject(json)) return this.any(json, place);
    return this.problem(place, `should be a object or a mapping directive but it is ${typeName(json)}`);
  }

  boolean(json: unknown, place: Place, fallback: boolean): boolean {
    if (json !== undefined && typeof json !== 'boolean')
      this.problem(place, `should be a boolean but it is ${typeName(json)}`);
    return typeof json === 'boolean' ? json : fallback;
  }

  /** A plain text of a bounded length. */
  plainText(json: unknown, place: Place, { min, max }: { min: number; max: number }): string {
    if (typeof json !== 'string') {
      this.problem(place, `should be a string but it is ${typeName(json)}`);
      return '';
    }
    if (json.length < min) this.problem(place, `should be a string of length ${min} or greater`);
    if (json.length > max) this.problem(place, `should be a string of length ${max} or less`);
    return json;
  }

  oneOf(json: unknown, place: Place, allowed: readonly string[]): string {
    const text = this.plainText(json, place, { min: 0, max: Number.POSITIVE_INFINITY });
    if (typeof json === 'string' && !allowed.includes(text.toLowerCase())) {
      this.problem(place, `should be one of ${allowed.join(', ')} but it is ${JSON.stringify(json.slice(0, 40))}`);
    }
    return text;
  }

  body(json: unknown, place: Place, required: readonly string[]): Body {
    if (!isObject(json)) {
      this.problem(place, `should be an object but it is ${typeName(json)}`);
      return {};
    }
    const directive = Object.keys(json).find((key) => key.startsWith('@'));
    if (directive !== undefined) {
      this.problem(place, `shouldn't have directive (@-prefixed) keys but it has ${JSON.stringify(directive)}`);
    }
    for (const key of required) {
      if (!Object.hasOwn(json, key)) this.problem(place, `should have field ${JSON.stringify(key)} but it doesn't`);
    }
    return json;
  }

  #object(json: Body, place: Place): Mapping {
    const entries = Object.keys(json).map((key) => {
      const at = [...place, key];
      // T13: a key that would set the prototype of the result.
      if (key === '__proto__') this.problem(at, 'is no allowed key');
      return { key, value: this.any(json[key], at) };
    });
    return { kind: 'object', entries };
  }

  #directive(json: Body, place: Place): Mapping {
    const keys = Object.keys(json);
    const names = keys.filter((key) => key.startsWith('@'));
    const strays = keys.filter((key) => !key.startsWith('@') && key !== '_metadata');
    if (names.length > 1)
      return this.problem(place, `should only have one @-prefixed key but it has ${names.length} keys`);
    if (strays.length > 0)
      return this.problem(place, `should only have one @-prefixed key but it has ${keys.length} keys`);
    const name = names[0] ?? '';
    const read = directives.get(name);
    if (read === undefined) return this.problem(place, `has an invalid directive: ${name.slice(0, 40)}`);
    const before = this.problems.length;
    const directive = read(this, json[name], [...place, name]);
    if (directive === undefined || this.problems.length > before) return nothing;
    return Object.hasOwn(json, '_metadata') ? { ...directive, metadata: json['_metadata'] as MappingJson } : directive;
  }
}

type ReadDirective = (reader: MappingReader, body: unknown, place: Place) => Directive | undefined;

const directives: ReadonlyMap<string, ReadDirective> = new Map<string, ReadDirective>([
  ['@path', (reader, body, place) => ({ kind: '@path', path: reader.text(body, place) })],
  ['@template', (reader, body, place) => ({ kind: '@template', template: reader.text(body, place) })],
  ['@literal', (reader, body, place) => ({ kind: '@literal', value: reader.any(body, place) })],
  ['@excludeWhenNull', (reader, body, place) => ({ kind: '@excludeWhenNull', value: reader.any(body, place) })],
  ['@liquid', readLiquid],
  ['@if', readIf],
  ['@case', readCase],
  ['@replace', readReplace],
  ['@arrayPath', readArrayPath],
  ['@json', readJson],
  ['@flatten', readFlatten],
  ['@merge', readMerge],
  ['@transform', readTransform],
]);

function readLiquid(reader: MappingReader, body: unknown, place: Place): Directive {
  return { kind: '@liquid', template: reader.plainText(body, place, { min: 0, max: liquidTemplateMax }) };
}

/** A falsy literal in `else` is dropped, in `then` it works; so it is in Segment's kit (segment-spec.md 5.4). */
function readIf(reader: MappingReader, json: unknown, place: Place): Directive | undefined {
  const body = reader.body(json, place, []);
  const test = body['exists'] === undefined ? 'blank' : 'exists';
  if (!isUsed(body[test])) {
    reader.problem(place, 'requires an "exists" key or a "blank" key that is not empty');
    return undefined;
  }
  return {
    kind: '@if',
    test,
    value: reader.any(body[test], [...place, test]),
    ...(body['then'] !== undefined && { met: reader.any(body['then'], [...place, 'then']) }),
    ...(isUsed(body['else']) && { unmet: reader.any(body['else'], [...place, 'else']) }),
  };
}

function readCase(reader: MappingReader, json: unknown, place: Place): Directive | undefined {
  const body = reader.body(json, place, ['operator']);
  const { operator, value } = body;
  const at = [...place, 'value'];
  const found = value === undefined ? undefined : reader.text(value, at);
  if (operator !== 'lower' && operator !== 'upper') {
    if (operator !== undefined) reader.problem([...place, 'operator'], 'should be "lower" or "upper"');
    return undefined;
  }
  return { kind: '@case', operator, ...(found && isUsed(value) && { value: found }) };
}

function readReplace(reader: MappingReader, json: unknown, place: Place): Directive {
  const body = reader.body(json, place, ['pattern', 'value']);
  const replacements = [replacement(reader, body, place, '')];
  // A second pattern that is no text is ignored, as Segment does.
  if (isUsed(body['pattern2']) && typeof body['pattern2'] === 'string')
    replacements.push(replacement(reader, body, place, '2'));
  return {
    kind: '@replace',
    replacements,
    ignoreCase: reader.boolean(body['ignorecase'], [...place, 'ignorecase'], false),
    global: reader.boolean(body['global'], [...place, 'global'], true),
    value: Object.hasOwn(body, 'value') ? reader.text(body['value'], [...place, 'value']) : nothing,
  };
}

function replacement(
  reader: MappingReader,
  body: Body,
  place: Place,
  number: '' | '2',
): { pattern: string; replacement: string } {
  const limits = { min: 1, max: replacePatternMax };
  const pattern = `pattern${number}`;
  const with_ = `replacement${number}`;
  return {
    pattern: Object.hasOwn(body, pattern) ? reader.plainText(body[pattern], [...place, pattern], limits) : '',
    replacement: reader.plainText(body[with_] ?? '', [...place, with_], { ...limits, min: 0 }),
  };
}

/** The shape counts only as an object with keys; anything else leaves the value as it is (segment-spec.md 5.7). */
function readArrayPath(reader: MappingReader, json: unknown, place: Place): Directive | undefined {
  if (!Array.isArray(json)) {
    reader.problem(place, `should be an array but it is ${typeName(json)}`);
    return undefined;
  }
  const path = reader.text(json[0], [...place, '0']);
  const shape: unknown = json[1];
  if (!isObject(shape) || Object.keys(shape).length === 0) return { kind: '@arrayPath', path };
  return { kind: '@arrayPath', path, shape: reader.any(shape, [...place, '1']) };
}

function readJson(reader: MappingReader, json: unknown, place: Place): Directive {
  const body = reader.body(json, place, ['mode', 'value']);
  if (Object.hasOwn(body, 'value') && !isUsed(body['value']))
    reader.problem([...place, 'value'], 'should not be empty');
  const mode = Object.hasOwn(body, 'mode') ? reader.oneOf(body['mode'], [...place, 'mode'], ['encode', 'decode']) : '';
  return { kind: '@json', mode, value: reader.any(body['value'] ?? null, [...place, 'value']) };
}

function readFlatten(reader: MappingReader, json: unknown, place: Place): Directive {
  const body = reader.body(json, place, ['separator', 'value']);
  const separator = Object.hasOwn(body, 'separator')
    ? reader.plainText(body['separator'], [...place, 'separator'], { min: 1, max: 100 })
    : '';
  const value = reader.any(body['value'] ?? null, [...place, 'value']);
  return { kind: '@flatten', separator, omitArrays: isUsed(body['omitArrays']), value };
}

function readMerge(reader: MappingReader, json: unknown, place: Place): Directive | undefined {
  const body = reader.body(json, place, ['objects', 'direction']);
  const objects = body['objects'];
  const at = [...place, 'objects'];
  const direction = Object.hasOwn(body, 'direction')
    ? reader.oneOf(body['direction'], [...place, 'direction'], ['left', 'right'])
    : '';
  if (!Array.isArray(objects)) {
    if (objects !== undefined) reader.problem(at, `should be an array but it is ${typeName(objects)}`);
    return undefined;
  }
  return {
    kind: '@merge',
    direction,
    objects: objects.map((object, index) => reader.object(object, [...at, String(index)])),
  };
}

function readTransform(reader: MappingReader, json: unknown, place: Place): Directive {
  const { apply, mapping } = reader.body(json, place, ['apply', 'mapping']);
  return {
    kind: '@transform',
    apply: isObject(apply) ? reader.root(apply, [...place, 'apply']) : reader.object(apply, [...place, 'apply']),
    mapping: reader.object(mapping, [...place, 'mapping']),
  };
}

/** What JavaScript calls truthy: Segment's kit asks `if (opts.else)`. */
const isUsed = (json: unknown): boolean => Boolean(json);

const isObject = (json: unknown): json is Body => typeof json === 'object' && json !== null && !Array.isArray(json);

const hasDirective = (json: unknown): json is Body =>
  isObject(json) && Object.keys(json).some((key) => key.startsWith('@'));

const isScalar = (json: unknown): json is string | number | boolean | null =>
  json === null ||
  typeof json === 'string' ||
  typeof json === 'boolean' ||
  (typeof json === 'number' && Number.isFinite(json));

function typeName(json: unknown): string {
  const name = json === null ? 'null' : Array.isArray(json) ? 'array' : typeof json;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}
