export interface Change {
  readonly name: string;
  readonly before?: string;
  readonly after: string;
}

/** The details of an entry as lines: `before` and `after` of a field side by side, all else by its name. */
export function changesIn({ before, after, ...rest }: Readonly<Record<string, unknown>>): Change[] {
  const others = Object.entries(rest).map(([name, value]) => ({ name, after: shown(value) }));
  if (before === undefined && after === undefined) return others;
  if (!isFields(before) || !isFields(after)) {
    return [{ name: 'value', before: shown(before), after: shown(after) }, ...others];
  }
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => shown(before[name]) !== shown(after[name]));
  return [...changed.map((name) => ({ name, before: shown(before[name]), after: shown(after[name]) })), ...others];
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function shown(value: unknown): string {
  if (value === undefined || value === null || value === '') return 'nothing';
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return value.join(', ') || 'nothing';
  if (Array.isArray(value)) return value.map(shown).join('; ');
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([name, of]) => `${name} ${shown(of)}`)
    .join(', ');
}
