/**
 * I7: a mapping call is refused as a whole, and TikTok does not say for which row (tiktok-api.md 4.2, Q5). Halves are
 * tried until the rows stand alone that TikTok refuses on their own; those are parked, everything else goes out.
 */

import type { Answer } from '../tiktok/tiktok.ts';
import { whereAllAreThere } from './audience-check.ts';
import type { SendRow } from './batch.ts';
import { addCounts } from './counts.sql.ts';
import { holdsLease } from './leases.sql.ts';
import { upsertParked } from './requests.sql.ts';
import { backOff, type DeliveryDeps, isLenient, type Run, waitKey } from './run.ts';
import { countOf, rowKey, settleRows, tell } from './send.ts';

interface Refused {
  readonly row: SendRow;
  readonly answer: Answer<null>;
}

/** A cause that concerns all rows would park everybody: beyond this share nobody is parked the first time (reliability.md 3.3, I7). */
const suspectShareMax = 0.2;
const suspectsAllowed = 2;
/** A row refused alone this often, with waits between, while others got through, is the cause itself. */
const refusalsToPark = 3;
/** How long a success says that the refusal is not the whole advertiser's. */
const evidenceMs = 10 * 60_000;

export async function isolate(
  deps: DeliveryDeps,
  run: Run,
  plan: { action: 'add' | 'delete'; rows: readonly SendRow[] },
  answer: Answer<null>,
): Promise<void> {
  const advertiserId = plan.rows[0]?.target.advertiserId ?? '';
  const there = await whereAllAreThere(
    deps,
    run,
    plan.rows.map((row) => row.target),
  );
  if (!there) return;
  const young = there.filter((target) => isLenient(deps, run, target));
  for (const { id } of young) backOff(deps, run, waitKey({ targetId: id }), 'lenient');
  if (young.length) return;
  const found = await bisect(deps, run, { ...plan, answer });
  if (found.refused.length === 0) return;
  await judge(deps, run, { ...plan, advertiserId, ...found });
}

interface Search {
  readonly refused: Refused[];
  /** Rows that went through. */
  passed: number;
  calls: number;
}
type Part = { readonly rows: readonly SendRow[]; readonly answer: Answer<null> };

async function bisect(deps: DeliveryDeps, run: Run, plan: Part & { action: 'add' | 'delete' }): Promise<Search> {
  const search: Search = { refused: [], passed: 0, calls: 0 };
  // If nothing at all gets through on the way down to single rows and a little beyond, the cause is not a row.
  const callsWithoutSuccess = 2 * Math.ceil(Math.log2(plan.rows.length + 1)) + 4;
  const open: Part[] = [plan];
  for (let part = open.pop(); part && !run.stop.signal.aborted; part = open.pop()) {
    const [first] = part.rows;
    if (part.rows.length === 1 && first) {
      search.refused.push({ row: first, answer: part.answer });
      continue;
    }
    const middle = Math.ceil(part.rows.length / 2);
    for (const rows of [part.rows.slice(middle), part.rows.slice(0, middle)]) {
      if (search.passed === 0 && search.calls >= callsWithoutSuccess) return search;
      const next = await tryPart(deps, run, { action: plan.action, rows }, search);
      if (next === 'stop') return search;
      if (next !== 'passed') open.push(next);
    }
  }
  return search;
}

async function tryPart(
  deps: DeliveryDeps,
  run: Run,
  plan: { action: 'add' | 'delete'; rows: readonly SendRow[] },
  search: Search,
): Promise<'passed' | 'stop' | Part> {
  const slot = await deps.tiktok.budget.take(plan.rows[0]?.target.advertiserId, run.stop.signal);
  if (!slot) return 'stop';
  search.calls += 1;
  const { answer } = await tell(deps, run, plan, slot);
  if (!answer || answer.outcome.kind === 'ok') {
    search.passed += plan.rows.length;
    return 'passed';
  }
  const refusedAgain = answer.outcome.kind === 'refused' || answer.outcome.kind === 'split';
  return refusedAgain ? { rows: plan.rows, answer } : 'stop';
}

/** Parks what TikTok refuses on its own, or waits where the cause may be another one. */
async function judge(
  deps: DeliveryDeps,
  run: Run,
  found: {
    action: 'add' | 'delete';
    rows: readonly SendRow[];
    advertiserId: string;
    refused: Refused[];
    passed: number;
  },
): Promise<void> {
  const { refused, rows, advertiserId } = found;
  const recently = rows.some(
    (row) => deps.clock.elapsed() - (run.memory.lastOk.get(row.target.id) ?? -evidenceMs) < evidenceMs,
  );
  const othersPass = found.passed > 0 || recently;
  const few = refused.length <= Math.max(suspectsAllowed, rows.length * suspectShareMax);
  const guilty = refused.filter(({ row }) => {
    const times = (run.memory.suspects.get(rowKey(row)) ?? 0) + 1;
    run.memory.suspects.set(rowKey(row), times);
    if (othersPass) return few || times >= refusalsToPark;
    return rows.length === 1 && times >= refusalsToPark;
  });
  if (guilty.length) await park(deps, run, found.action, guilty);
  if (guilty.length < refused.length) {
    const code = refused[0]?.answer.code ?? undefined;
    deps.log.error('TikTok refuses many rows at once; nobody is parked yet', {
      destination: run.destinationId,
      rows: refused.length,
      code,
    });
    backOff(deps, run, waitKey({ advertiserId }), 'fast');
  }
}

async function park(deps: DeliveryDeps, run: Run, action: 'add' | 'delete', guilty: readonly Refused[]): Promise<void> {
  await deps.db.transaction(async (tx) => {
    if (!(await holdsLease(tx, run))) return run.stop.abort();
    const at = new Date(deps.clock.now());
    await settleRows(tx, deps, run, { rows: guilty.map((g) => g.row), told: undefined });
    for (const { row, answer } of guilty) {
      const { spaceId, targetId, originId, personId, seq } = row.task.pointer;
      const { code, message, requestId } = answer;
      await upsertParked(tx, {
        spaceId,
        targetId,
        originId,
        personId,
        variant: row.variant,
        seq,
        action,
        code: code ?? 0,
        message,
        requestId,
        at,
      });
    }
    const counts = guilty.map(({ row, answer }) =>
      countOf(run, { outcome: 'parked', code: String(answer.code ?? ''), count: 1, mappingId: row.mappingId }),
    );
    await addCounts(tx, counts, at);
  });
  for (const { row } of guilty) run.memory.suspects.delete(rowKey(row));
}
