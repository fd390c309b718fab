import { isObject, own } from '../server/kernel/json.ts';
import { paths } from '../server/tiktok/wire.ts';
import type { Subject } from './faults.ts';
import { type Input, idText } from './fields.ts';
import type { JournalEntry } from './journal.ts';

/** What a call says it is about, read before any check and believed only by faults, rate windows and the journal. */
export interface Call {
  readonly subject: Subject;
  readonly line: Pick<JournalEntry, 'method' | 'path' | 'advertiserIds' | 'action' | 'rows' | 'audienceIds'>;
}

export function describeCall(path: string, method: string, input: Input | undefined): Call {
  const rows = own(input?.body, 'batch_data');
  const action = textOf(own(input?.body, 'action'));
  const advertiserIds = idsOf(input, ['advertiser_id', 'advertiser_ids']);
  const audienceIds =
    path === paths.segmentMapping
      ? audiencesInRows(rows)
      : idsOf(input, ['custom_audience_id', 'custom_audience_ids', 'delete_audience_id']);
  return {
    subject: { path, advertiserIds, audienceIds, action, hasHash: (wanted) => hashInRows(rows, wanted) },
    line: { method, path, advertiserIds, audienceIds, action, rows: Array.isArray(rows) ? rows.length : 0 },
  };
}

function idsOf(input: Input | undefined, names: readonly string[]): string[] {
  const ids = names.flatMap((name) => {
    const value = input?.body === undefined ? parsed(input?.query.get(name)) : own(input.body, name);
    return [value].flat().map(idText);
  });
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** An id that stands plainly in the query stays text: as a number it would lose digits. */
function parsed(text: string | null | undefined): unknown {
  if (!text?.startsWith('[')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function audiencesInRows(rows: unknown): string[] {
  const found = new Set<string>();
  for (const object of objectsIn(rows)) {
    const ids = object['audience_ids'];
    if (Array.isArray(ids)) for (const id of ids) if (typeof id === 'string') found.add(id);
  }
  return [...found];
}

function hashInRows(rows: unknown, wanted: ReadonlySet<string>): boolean {
  for (const object of objectsIn(rows)) {
    const id = object['id'];
    if (typeof id === 'string' && wanted.has(id)) return true;
  }
  return false;
}

function* objectsIn(rows: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (!Array.isArray(rows)) return;
  for (const row of rows) {
    if (!Array.isArray(row)) continue;
    for (const object of row) if (isObject(object)) yield object;
  }
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
