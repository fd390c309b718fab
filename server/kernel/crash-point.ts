/** Where a crash is interesting: the moments between a promise and its keeping (reliability.md 3.2). */
export type CrashPoint =
  | 'ingest: committed, not answered'
  | 'delivery: announced, not called'
  | 'delivery: called, not settled'
  | 'delivery: settled'
  | 'targets: created at TikTok, not stored'
  | 'targets: replaced, nobody moved'
  | 'targets: people moved in part';

/** In production nothing; a test kills or throws here. */
export type ReachCrashPoint = (point: CrashPoint) => void;
export const noCrash: ReachCrashPoint = () => {};
