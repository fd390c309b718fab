import { createRequire } from 'node:module';

/** Segment's own published code, the other side of every comparison here. Its ES builds do not load in Node, the CommonJS ones do. */
const require = createRequire(import.meta.url);

interface MappingKit {
  transform(mapping: object, data: object): unknown;
}
interface Subscriptions {
  parseFql(text: string): object & { error?: Error };
  validate(ast: object, data: object): boolean;
}
interface Core {
  resolveAudienceMembership(event: object): boolean | undefined;
}

export const mappingKit: MappingKit = require('@segment/actions-core/mapping-kit');
export const subscriptions: Subscriptions = require('@segment/destination-subscriptions');
export const core: Core = require('@segment/actions-core');

/**
 * The comparisons run the same inputs every time, so that a change of ours turns them red and chance does not: there are
 * inputs, one in some ten thousand, on which Segment's kit contradicts itself. EXPLORE=1 takes new ones.
 */
export const seed: number = process.env['EXPLORE'] ? Number(process.hrtime.bigint() % 2_147_483_647n) : 20_261_124;
