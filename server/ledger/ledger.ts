/**
 * What TikTok should hold, and what is owed to it. Members and direct events become wishes (level-members.ts, wish.ts),
 * wishes are brought to the rows of `memberships` (level.ts, apply.ts), and every change of level appends one pointer to
 * `changes`. Delivery reads the pointers (owed.sql.ts), looks up the level that stands then, and settles them.
 */
import { mergePeople } from './apply.ts';
import * as audits from './audit.sql.ts';
import { auditStep } from './audit.ts';
import * as counts from './counting.sql.ts';
import { countPeopleAt, selectHeldTargets, targetsBeyond } from './dry-run.sql.ts';
import { dryRun, type SupposedChange, type TargetEffect } from './dry-run.ts';
import * as explain from './explain.sql.ts';
import * as history from './history.sql.ts';
import { recordCounts } from './history.ts';
import { type KeptPeople, selectKept } from './kept.sql.ts';
import { owedByTarget, peopleKeptAt } from './leaving.sql.ts';
import { endTargets, giveUp } from './leaving.ts';
import { type LevelCount, type LevelDeps, levelMembers, levelTest } from './level-members.ts';
import * as memberStates from './member-states.sql.ts';
import { repeatPointers, sweepAbsentRows } from './memberships.sql.ts';
import * as owed from './owed.sql.ts';
import { owedEffects } from './owed-effects.ts';
import type { LeftTargets } from './placed.ts';
import { type LoadProducers, type Producer, producersOf, supposedProducer } from './producers.ts';
import { beginRelease, releaseStep } from './release.ts';
import type { Released } from './released.ts';
import { beginResync, planResync, type ResyncProgress, resyncOf, resyncStep, setResync } from './resync.ts';
import { sweepResyncs } from './resyncs.sql.ts';
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
import { moveSiblings, remakeTarget } from './siblings.ts';
import { onSnapshot } from './snapshot.sql.ts';
import { sweepStalePointers } from './stale-pointers.sql.ts';
import { beginWalk, walkStep } from './walk.ts';
import { deleteWalk, lockWalks, selectLeftTargets, selectWalks, type WalkRow } from './walks.sql.ts';

export type {
  Hashes,
  KeptPeople,
  Lane,
  LeftTargets,
  Level,
  LevelCount,
  LevelDeps,
  LoadProducers,
  OriginId,
  Pointer,
  Producer,
  Released,
  ResyncProgress,
  SupposedChange,
  TargetEffect,
  WalkRow,
};
export {
  absent,
  auditStep,
  audits,
  beginRelease,
  beginResync,
  beginWalk,
  countPeopleAt,
  counts,
  deleteWalk,
  directOrigin,
  dryRun,
  endTargets,
  explain,
  giveUp,
  history,
  levelMembers,
  levelTest,
  live,
  lockWalks,
  memberStates,
  mergePeople,
  moveSiblings,
  onSnapshot,
  owed,
  owedByTarget,
  owedEffects,
  peopleKeptAt,
  planResync,
  present,
  producersOf,
  recordCounts,
  releaseStep,
  remakeTarget,
  repeatPointers,
  resyncOf,
  resyncStep,
  selectHeldTargets,
  selectKept,
  selectLeftTargets,
  selectWalks,
  setResync,
  supposedProducer,
  sweepAbsentRows,
  sweepResyncs,
  sweepStalePointers,
  targetsBeyond,
  walkStep,
};
