import type { Directive, Mapping, MappingKitProblem } from '../../contract/mapping-kit.ts';
import { isObject, own } from '../kernel/json.ts';
import { err, ok, type Result } from '../kernel/result.ts';
import { flatten, isUnset, KitError, toText, withoutNulls, withoutUnset } from './kit-values.ts';
import { compileLiquid } from './liquid.ts';
import { compilePath } from './paths.ts';

/** Gives what the mapping makes of an event; throws a KitError where Segment's kit throws. */
export type Resolve = (data: unknown) => unknown;

/**
 * Turns a mapping into closures; all semantics are Segment's (segment-spec.md 5) except that only own properties are read
 * and a value put into a template is not read as a template again. The problems left to find here are those of Liquid.
 * `path` is where the mapping stands, for their words.
 */
export function compileKit(mapping: Mapping, path = ''): Result<Resolve, MappingKitProblem[]> {
  const problems: MappingKitProblem[] = [];
  const resolve = compile(mapping, { path, problems });
  return problems.length > 0 ? err(problems) : ok((data) => withoutUnset(resolve(data)));
}

interface Place {
  readonly path: string;
  readonly problems: MappingKitProblem[];
}

const below = (place: Place, key: string | number): Place => ({ ...place, path: `${place.path}/${key}` });

function compile(mapping: Mapping, place: Place): Resolve {
  switch (mapping.kind) {
    case 'literal': {
      const { value } = mapping;
      return () => value;
    }
    case 'array': {
      const items = mapping.items.map((item, index) => compile(item, below(place, index)));
      return (data) => items.map((item) => item(data));
    }
    case 'object':
      return compileObject(
        mapping.entries.map(({ key, value }) => ({ key, resolve: compile(value, below(place, key)) })),
      );
    default:
      return compileDirective(mapping, below(place, mapping.kind));
  }
}

function compileObject(entries: readonly { readonly key: string; readonly resolve: Resolve }[]): Resolve {
  return (data) => {
    const result: Record<string, unknown> = {};
    for (const { key, resolve } of entries) result[key] = resolve(data);
    return result;
  };
}

function compileDirective(directive: Directive, place: Place): Resolve {
  switch (directive.kind) {
    case '@path':
      return compilePathDirective(directive.path, place);
    case '@template':
      return compileTemplateDirective(directive.template, place);
    case '@literal':
      return compile(directive.value, place);
    case '@excludeWhenNull': {
      const value = compile(directive.value, place);
      return (data) => withoutNulls(value(data));
    }
    case '@liquid': {
      const compiled = compileLiquid(directive.template);
      if (!compiled.ok) place.problems.push({ path: place.path, message: compiled.error });
      return compiled.ok ? compiled.value : () => undefined;
    }
    case '@if':
      return compileIf(directive, place);
    case '@case':
      return compileCase(directive, place);
    case '@replace':
      return compileReplace(directive, place);
    case '@arrayPath':
      return compileArrayPath(directive, place);
    case '@json':
      return compileJson(directive, place);
    case '@flatten': {
      const value = compile(directive.value, below(place, 'value'));
      return (data) => flatten(value(data), directive);
    }
    case '@merge':
      return compileMerge(directive, place);
    case '@transform': {
      const apply = compile(directive.apply, below(place, 'apply'));
      const mapping = compile(directive.mapping, below(place, 'mapping'));
      return (data) => {
        if (!isObject(data)) throw new KitError('@transform needs an object to work on');
        return mapping(withoutUnset(apply(data)));
      };
    }
  }
}

type Of<Kind extends Directive['kind']> = Extract<Directive, { kind: Kind }>;

function compilePathDirective(path: Mapping, place: Place): Resolve {
  if (path.kind === 'literal' && typeof path.value === 'string') return compilePath(path.value);
  const resolve = compile(path, place);
  return (data) => compilePath(textOrThrow('@path', resolve(data)))(data);
}

function compileTemplateDirective(template: Mapping, place: Place): Resolve {
  if (template.kind === 'literal' && typeof template.value === 'string') return compileTemplate(template.value);
  const resolve = compile(template, place);
  return (data) => compileTemplate(textOrThrow('@template', resolve(data)))(data);
}

function textOrThrow(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new KitError(`${name} needs a text, and got none`);
  return value;
}

/**
 * `{{path}}` and `{{{path}}}` alike; the result is text even of nothing (segment-spec.md 5.3). Three braces are looked for
 * first, as at Segment, which tells where braces are unbalanced.
 */
function compileTemplate(template: string): Resolve {
  const parts = cutOut(template, /\{\{\{([^}]+)\}\}\}/g).flatMap((part) =>
    typeof part === 'string' ? cutOut(part, /\{\{([^}]+)\}\}/g) : [part],
  );
  return (data) => {
    let text = '';
    for (const part of parts) text += typeof part === 'string' ? part : toText(part(data));
    return text;
  };
}

function cutOut(template: string, place: RegExp): (string | Resolve)[] {
  const parts: (string | Resolve)[] = [];
  let last = 0;
  for (const found of template.matchAll(place)) {
    // Inside a template `$.` is no shorthand: `$` is looked up as a name. compilePath takes one `$.` off.
    parts.push(template.slice(last, found.index), compilePath(`$.${(found[1] ?? '').trim()}`));
    last = found.index + found[0].length;
  }
  parts.push(template.slice(last));
  return parts;
}

function compileIf(directive: Of<'@if'>, place: Place): Resolve {
  const value = compile(directive.value, below(place, directive.test));
  const met = directive.met === undefined ? nothing : compile(directive.met, below(place, 'then'));
  const unmet = directive.unmet === undefined ? nothing : compile(directive.unmet, below(place, 'else'));
  if (directive.test === 'exists') return (data) => (isUnset(value(data)) ? unmet(data) : met(data));
  return (data) => (isBlank(value(data)) ? unmet(data) : met(data));
}

const nothing: Resolve = () => undefined;

/** What JavaScript finds loosely equal to "": also 0, false and [] (segment-spec.md 5.4). */
function isBlank(value: unknown): boolean {
  if (Array.isArray(value)) return toText(value) === '';
  return isUnset(value) || value === '' || value === 0 || value === false;
}

function compileCase(directive: Of<'@case'>, place: Place): Resolve {
  if (directive.value === undefined) return nothing;
  const value = compile(directive.value, below(place, 'value'));
  const lower = directive.operator === 'lower';
  return (data) => {
    const found = value(data);
    if (typeof found !== 'string') return found;
    return lower ? found.toLowerCase() : found.toUpperCase();
  };
}

/** Patterns are plain text; the replacement still knows `$&` and `$1` (segment-spec.md 5.6). */
function compileReplace(directive: Of<'@replace'>, place: Place): Resolve {
  if (directive.value.kind === 'literal' && directive.value.value === '') return nothing;
  const value = compile(directive.value, below(place, 'value'));
  const flags = `${directive.global ? 'g' : ''}${directive.ignoreCase ? 'i' : ''}`;
  const replacements = directive.replacements.map(({ pattern, replacement }) => ({
    pattern: new RegExp(pattern.replace(/[-[\]{}()*+?.,\\^$|#\s]/g, '\\$&'), flags),
    replacement,
  }));
  return (data) => {
    const found = value(data);
    if (typeof found !== 'string' && typeof found !== 'number' && typeof found !== 'boolean') return '';
    let text = String(found);
    for (const { pattern, replacement } of replacements) text = text.replace(pattern, replacement);
    return text;
  };
}

function compileArrayPath(directive: Of<'@arrayPath'>, place: Place): Resolve {
  const { path } = directive;
  const root = path.kind === 'literal' ? compilePath(String(path.value)) : compile(path, below(place, 0));
  if (directive.shape === undefined) return root;
  const shape = compile(directive.shape, below(place, 1));
  return (data) => {
    const value = root(data);
    if (Array.isArray(value)) return value.map((item) => shape(item));
    return isObject(value) ? [shape(value)] : value;
  };
}

function compileJson(directive: Of<'@json'>, place: Place): Resolve {
  const value = compile(directive.value, below(place, 'value'));
  // `Encode` passes the check and gives nothing (segment-spec.md 5.9).
  if (directive.mode === 'encode') return (data) => JSON.stringify(value(data));
  if (directive.mode === 'decode') return (data) => decoded(value(data));
  return nothing;
}

function decoded(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function compileMerge(directive: Of<'@merge'>, place: Place): Resolve {
  const objects = directive.objects.map((object, index) => compile(object, below(below(place, 'objects'), index)));
  if (directive.direction === 'left') objects.reverse();
  return (data) => {
    const result: Record<string, unknown> = {};
    for (const object of objects) {
      const value = object(data);
      if (typeof value === 'string') Object.assign(result, value);
      else if (typeof value === 'object' && value !== null) assignOwn(result, value);
    }
    return result;
  };
}

/** T13: `__proto__` out of an event must not become the prototype. */
function assignOwn(result: Record<string, unknown>, value: object): void {
  for (const key of Object.keys(value)) if (key !== '__proto__') result[key] = own(value, key);
}
