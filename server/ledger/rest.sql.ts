import sql from 'sql-template-tag';

/** Background work that failed rests for ten seconds, doubling with every failure in a row up to ten minutes. */
export const restUntil = (now: Date) =>
  sql`${now}::timestamptz + least(600, 10 * power(2, least(failures, 6))) * interval '1 second'`;
