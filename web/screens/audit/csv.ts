import type { AuditEvent } from '../../api/audit.ts';
import { actionName } from './actions.ts';

const columns: readonly (readonly [string, (entry: AuditEvent) => string])[] = [
  ['When', ({ at }) => at],
  ['Who', ({ actor, actorName }) => actorName ?? actor],
  ['Actor', ({ actor }) => actor],
  ['What', ({ action }) => actionName(action)],
  ['Action', ({ action }) => action],
  ['Object', ({ subject }) => subject],
  ['Space', ({ spaceId }) => spaceId ?? ''],
  ['Details', ({ details }) => JSON.stringify(details)],
  ['From', ({ address }) => address],
  ['Row', ({ id }) => id],
];

/** RFC 4180, with a first line of names. */
export function auditCsv(entries: readonly AuditEvent[]): string {
  const lines = entries.map((entry) => columns.map(([, cell]) => quoted(cell(entry))));
  return [columns.map(([name]) => name), ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}

/** A spreadsheet takes a cell that begins with one of these for a formula; names are typed by people. */
const formula = /^[=+\-@\t\r]/;

function quoted(cell: string): string {
  const safe = formula.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
