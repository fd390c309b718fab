import { isObject, own } from '../server/kernel/json.ts';
import { idTypes } from '../server/tiktok/wire.ts';
import { badField } from './answer.ts';
import { type Fields, idText } from './fields.ts';
import type { SandboxSettings } from './settings.ts';

/** One identifier of one row; `type` is its place in `idTypes`. */
export interface RowId {
  readonly row: number;
  readonly type: number;
  readonly hash: string;
  readonly audienceIds: readonly string[];
}

/** sha256 and md5 of nothing: what comes out when a blank field is hashed (tiktok-api.md 8.3). */
const hashesOfNothing = new Set([
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'd41d8cd98f00b204e9800998ecf8427e',
]);
const sha256Form = /^[0-9a-f]{64}$/;
const md5Form = /^[0-9a-f]{32}$/;

/** Six types, each at most once, in any order and case; those of the file route are unknown here (correction 2). */
export function readIdSchema(fields: Fields): number[] {
  const names = fields.textList('id_schema');
  const known: readonly string[] = idTypes;
  const types = names.map((name) => known.indexOf(name.toUpperCase()));
  const unknown = types.indexOf(-1);
  if (names.length === 0) fields.report(badField('id_schema', 'Shorter than minimum length 1.'));
  if (unknown !== -1) fields.report(badField(`id_schema.${unknown}`, `Must be one of: ${idTypes.join(', ')}.`));
  if (new Set(types).size < types.length) fields.report(badField('id_schema', 'Duplicate id types.'));
  return types;
}

interface RowRules {
  readonly types: readonly number[];
  readonly settings: SandboxSettings;
}

export function readRows(fields: Fields, rules: RowRules): { rowCount: number; ids: RowId[] } {
  const rows = fields.raw('batch_data');
  if (rows === undefined) fields.report({ code: 40002, message: 'Missing required field(s): batch_data.' });
  if (!Array.isArray(rows)) {
    fields.report(badField('batch_data', 'Not a valid list.'));
    return { rowCount: 0, ids: [] };
  }
  const { rowsMax, rowsOverCode } = rules.settings;
  if (rows.length === 0) fields.report(badField('batch_data', 'Shorter than minimum length 1.'));
  if (rows.length > rowsMax)
    fields.report({ code: rowsOverCode, message: `batch_data: Longer than maximum length ${rowsMax}.` });
  const ids: RowId[] = [];
  for (let row = 0; row < rows.length && !fields.problem; row += 1) {
    const problem = readRow(rows[row], row, rules, ids);
    if (problem !== undefined) fields.report(badField(`batch_data.${row}${problem.at}`, problem.reason));
  }
  return { rowCount: rows.length, ids };
}

interface RowProblem {
  readonly at: string;
  readonly reason: string;
}

/** Position j holds the id of type `id_schema[j]`, or `{}` (section 4.2, "Row semantics"). Appends to `ids`. */
function readRow(row: unknown, index: number, { types, settings }: RowRules, ids: RowId[]): RowProblem | undefined {
  if (!Array.isArray(row)) return { at: '', reason: 'Not a valid list.' };
  if (row.length > types.length) return { at: '', reason: 'More ids than types in id_schema.' };
  if (row.length < types.length && settings.strict) return { at: '', reason: 'Fewer ids than types in id_schema.' };
  const before = ids.length;
  for (let position = 0; position < row.length; position += 1) {
    const found = readId(row[position], types[position] ?? 0, settings.strict);
    if (found === 'empty') continue;
    if ('reason' in found) return { at: `.${position}${found.at}`, reason: found.reason };
    ids.push({ row: index, type: types[position] ?? 0, ...found });
  }
  return ids.length === before ? { at: '', reason: 'A row needs at least one id.' } : undefined;
}

function readId(
  object: unknown,
  type: number,
  strict: boolean,
): 'empty' | { hash: string; audienceIds: readonly string[] } | RowProblem {
  if (!isObject(object)) return { at: '', reason: 'Not a valid object.' };
  const hash = own(object, 'id');
  const audiences = own(object, 'audience_ids');
  if (hash === undefined && audiences === undefined) return 'empty';
  if (typeof hash !== 'string' || hash === '') return { at: '.id', reason: 'Not a valid string.' };
  if (strict && !(idTypes[type]?.endsWith('MD5') ? md5Form : sha256Form).test(hash))
    return { at: '.id', reason: `Not a lower-case hexadecimal hash of type ${idTypes[type]}.` };
  if (strict && hashesOfNothing.has(hash)) return { at: '.id', reason: 'The hash of an empty value.' };
  const audienceIds = readAudienceIds(audiences);
  return audienceIds ? { hash, audienceIds } : { at: '.audience_ids', reason: 'Not a non-empty list of ids.' };
}

/** Mostly an array of one text: taken as it is, without a copy. */
function readAudienceIds(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const ids = value.map(idText);
  return ids.every((id) => id !== undefined) ? ids : undefined;
}
