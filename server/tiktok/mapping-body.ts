import { invariant, must } from '../kernel/result.ts';
import { idTypes, limits, type MappingId, type MappingRequest } from './wire.ts';

/** 0 e-mail, 1 phone, 2 idfa, 3 aaid: the position in `idTypes`. */
export type HashType = 0 | 1 | 2 | 3;

/** One call's worth of people, all added or all removed (tiktok-api.md 4.2). `hashes` stand in the order of `schema`. */
export interface MappingBatch {
  advertiserId: string;
  action: 'add' | 'delete';
  schema: readonly HashType[];
  rows: readonly { audienceIds: readonly string[]; hashes: readonly (Buffer | null)[] }[];
}

const sha256Bytes = 32;

/**
 * The wire form. A row that TikTok would misread (shorter or longer than the schema, of `{}` only, not a SHA-256) is a bug
 * of ours and throws: misaligned columns would put people under somebody else's identifier (tiktok-api.md 4.2, Q6).
 */
export function mappingBody(batch: MappingBatch): MappingRequest {
  const { schema, rows } = batch;
  invariant(schema.length > 0 && new Set(schema).size === schema.length, 'a mapping call names each id type once');
  invariant(rows.length > 0 && rows.length <= limits.mappingRows, `a mapping call has 1 to ${limits.mappingRows} rows`);
  return {
    advertiser_ids: [batch.advertiserId],
    action: batch.action,
    id_schema: schema.map((type) => must(idTypes[type], 'an id type that TikTok knows')),
    batch_data: rows.map((row) => {
      invariant(row.hashes.length === schema.length, 'a row has one place for each id type');
      invariant(row.audienceIds.length > 0, 'a row names an audience');
      invariant(
        row.hashes.some((hash) => hash !== null),
        'a row has at least one identifier',
      );
      return row.hashes.map((hash) => mappingId(hash, row.audienceIds));
    }),
  };
}

function mappingId(hash: Buffer | null, audienceIds: readonly string[]): MappingId {
  if (hash === null) return {};
  invariant(hash.length === sha256Bytes, 'an identifier is a SHA-256 (I13)');
  return { id: hash.toString('hex'), audience_ids: [...audienceIds] };
}
