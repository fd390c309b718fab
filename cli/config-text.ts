import type { ConfigRow } from '../server/config.ts';

/** The settings for a terminal: two lines each, the value in force first, then what it means. */
export function configText(rows: readonly ConfigRow[]): string {
  const width = Math.max(...rows.map((row) => row.name.length));
  return rows
    .map((row) => `${row.name.padEnd(width)}  ${valueText(row)}\n${' '.repeat(width)}  ${row.help}`)
    .join('\n');
}

function valueText({ value, isDefault, fallback, type }: ConfigRow): string {
  if (isDefault) return fallback === '' ? `(not set, ${type})` : `${value}  (default, ${type})`;
  return fallback === '' ? `${value}  (${type})` : `${value}  (${type}, default ${fallback})`;
}
