/**
 * What TikTok should hold, and what is owed to it. Members and direct events become wishes (level-members.ts, wish.ts),
 * wishes are brought to the rows of `memberships` (level.ts, apply.ts), and every change of level appends one pointer to
 * `changes`. Delivery reads the pointers (owed.sql.ts), looks up the level that stands then, and settles them.
 */
import { mergePeople } from './apply.ts';
import * as counts from './counting.sql.ts';
import * as explain from './explain.sql.ts';
import { type LevelCount, type LevelDeps, levelMembers, levelTest } from './level-members.ts';
import { insertPointers as repeatPointers, sweepAbsentRows } from './memberships.sql.ts';
import * as owed from './owed.sql.ts';
import { type LoadProducers, type Producer, producersOf } from './producers.ts';
import { releaseRows } from './release.sql.ts';
import {
  absent,
  directOrigin,
  type Hashes,
  type Lane,
  type Level,
  live,
  type OriginId,
  type Pointer,
  present,
} from './rows.ts';
import { moveSiblings } from './siblings.ts';
import { beginWalk, walkStep } from './walk.ts';
import { deleteWalk, lockWalks, selectWalks, type WalkRow } from './walks.sql.ts';

export type { Hashes, Lane, Level, LevelCount, LevelDeps, LoadProducers, OriginId, Pointer, Producer, WalkRow };
export {
  absent,
  beginWalk,
  counts,
  deleteWalk,
  directOrigin,
  explain,
  levelMembers,
  levelTest,
  live,
  lockWalks,
  mergePeople,
  moveSiblings,
  owed,
  present,
  producersOf,
  releaseRows,
  repeatPointers,
  selectWalks,
  sweepAbsentRows,
  walkStep,
};
