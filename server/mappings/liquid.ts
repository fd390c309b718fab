import { Drop, Liquid } from 'liquidjs';
import { own } from '../kernel/json.ts';
import { err, ok, type Result } from '../kernel/result.ts';
import { KitError } from './kit-values.ts';

/** What Segment forbids in templates (segment-spec.md 5.14): loops, files and whatever walks lists. */
const disabledTags = ['case', 'for', 'include', 'layout', 'render', 'tablerow'];
const disabledFilters = [
  'array_to_sentence_string',
  'concat',
  'find',
  'find_exp',
  'find_index',
  'find_index_exp',
  'group_by',
  'group_by_exp',
  'has',
  'has_exp',
  'map',
  'newline_to_br',
  'reject',
  'reject_exp',
  'reverse',
  'sort',
  'sort_natural',
  'uniq',
  'where_exp',
  'type',
];
/** Milliseconds and bytes; segment-spec.md 5.14. */
const renderLimit = 500;
const memoryLimit = 1e8;
const parseLimit = 1000;

/**
 * Compiles a template. Besides the event's fields at the root, `event.<field>` reads them too, because Segment's own examples
 * write it so, while a bare `{{event}}` is the event's name. The result is always a text.
 */
export function compileLiquid(template: string): Result<(data: unknown) => string, string> {
  const engine = createEngine();
  try {
    const parsed = engine.parse(template);
    const usesAlias = /\bevent\s*[.[]/.test(template);
    return ok((data) => {
      try {
        const scope = typeof data === 'object' && data !== null ? data : {};
        const text: unknown = engine.renderSync(parsed, usesAlias ? { ...scope, event: new EventAlias(scope) } : scope);
        return String(text ?? '');
      } catch {
        // The engine's own message may quote a value (I13).
        throw new KitError('the Liquid template failed on this event');
      }
    });
  } catch (error) {
    return err(error instanceof Error ? error.message.slice(0, 200) : 'is no Liquid template');
  }
}

/** Prints and compares as the event's name, and has the event's fields. */
class EventAlias extends Drop {
  readonly #event: object;
  constructor(event: object) {
    super();
    this.#event = event;
  }
  override liquidMethodMissing(key: string | number): unknown {
    return own(this.#event, String(key));
  }
  override valueOf(): unknown {
    return own(this.#event, 'event');
  }
  toJSON(): unknown {
    return own(this.#event, 'event');
  }
}

/** One engine a template, made when a mapping is saved or loaded: nothing shared, nothing to leak between spaces. */
function createEngine(): Liquid {
  const engine = new Liquid({ renderLimit, memoryLimit, parseLimit, ownPropertyOnly: true, strictFilters: true });
  for (const tag of disabledTags) {
    engine.registerTag(tag, {
      parse() {
        throw new Error(`tag "${tag}" is disabled`);
      },
      render() {
        throw new Error(`tag "${tag}" is disabled`);
      },
    });
  }
  // Gone, not replaced: with strictFilters the template is refused when it is saved, not when an event comes.
  for (const filter of disabledFilters) delete engine.filters[filter];
  return engine;
}
