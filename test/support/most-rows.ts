import sql, { raw } from 'sql-template-tag';
import type { Db, Tx } from '../../server/db/port.ts';
import { must } from '../../server/kernel/result.ts';

interface Step {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Step[];
}
/** Both are means of a step's loops; what was removed is rounded, so their sum would count some rows twice. */
const rowsOf = (step: Step): number =>
  Math.max(
    step['Actual Rows'] * step['Actual Loops'],
    (step['Rows Removed by Filter'] ?? 0) * step['Actual Loops'],
    ...(step.Plans ?? []).map(rowsOf),
  );

/** `loops`: joins as the planner makes them wherever it takes one side for a single row; `any`: as it likes. */
export type Joins = 'loops' | 'any';

/** The most rows that any step of a statement's plan brought up or threw away, as it ran: work, whatever the clock says. */
export async function mostRows(db: Db, joins: Joins, ask: (tx: Tx) => Promise<unknown>): Promise<number> {
  const found: number[] = [];
  await db.transaction(async (tx) => {
    if (joins === 'loops') {
      await tx.query(raw('set local enable_hashjoin = off'));
      await tx.query(raw('set local enable_mergejoin = off'));
    }
    const explaining: Tx = {
      ...tx,
      async query(statement) {
        const [row] = await tx.query<{ 'QUERY PLAN': readonly { Plan: Step }[] }>(
          sql`explain (analyze, format json) ${statement}`,
        );
        found.push(...must(row, 'a plan')['QUERY PLAN'].map(({ Plan }) => rowsOf(Plan)));
        return [];
      },
    };
    await ask(explaining);
  });
  return Math.max(...found);
}
