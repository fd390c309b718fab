import type { Directive, Mapping, MappingJson } from './mapping-kit.ts';

type JsonObject = { [key: string]: MappingJson };

/** Writes a mapping back as the JSON that reading gives the same mapping for. */
export function printMapping(mapping: Mapping): MappingJson {
  switch (mapping.kind) {
    case 'literal':
      return mapping.value;
    case 'array':
      return mapping.items.map(printMapping);
    case 'object':
      return Object.fromEntries(mapping.entries.map(({ key, value }) => [key, printMapping(value)]));
    default: {
      const json: JsonObject = { [mapping.kind]: printBody(mapping) };
      if (mapping.metadata !== undefined) json['_metadata'] = mapping.metadata;
      return json;
    }
  }
}

function printBody(directive: Directive): MappingJson {
  switch (directive.kind) {
    case '@path':
      return printMapping(directive.path);
    case '@template':
      return printMapping(directive.template);
    case '@literal':
    case '@excludeWhenNull':
      return printMapping(directive.value);
    case '@liquid':
      return directive.template;
    case '@if':
      return parts([
        [directive.test, directive.value],
        ['then', directive.met],
        ['else', directive.unmet],
      ]);
    case '@case':
      return { operator: directive.operator, ...parts([['value', directive.value]]) };
    case '@replace':
      return printReplace(directive);
    case '@arrayPath':
      return [printMapping(directive.path), ...(directive.shape === undefined ? [] : [printMapping(directive.shape)])];
    case '@json':
      return { mode: directive.mode, value: printMapping(directive.value) };
    case '@flatten':
      return { separator: directive.separator, omitArrays: directive.omitArrays, value: printMapping(directive.value) };
    case '@merge':
      return { direction: directive.direction, objects: directive.objects.map(printMapping) };
    case '@transform':
      return { apply: printMapping(directive.apply), mapping: printMapping(directive.mapping) };
  }
}

function printReplace(directive: Directive & { kind: '@replace' }): JsonObject {
  const [first, second] = directive.replacements;
  return {
    pattern: first?.pattern ?? '',
    replacement: first?.replacement ?? '',
    ...(second !== undefined && { pattern2: second.pattern, replacement2: second.replacement }),
    ignorecase: directive.ignoreCase,
    global: directive.global,
    value: printMapping(directive.value),
  };
}

function parts(found: readonly (readonly [key: string, part: Mapping | undefined])[]): JsonObject {
  const json: JsonObject = {};
  for (const [key, part] of found) if (part !== undefined) json[key] = printMapping(part);
  return json;
}
