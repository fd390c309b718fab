import { isObject, type Json } from '../../server/kernel/json.ts';
import type { Expected } from './expected.ts';
import { countAt, type Rest } from './http.ts';
import { type Prepared, signInLink } from './setup.ts';
import type { Stage } from './stage.ts';

export interface DemoResult {
  readonly sent: number;
  /** Hashed identifiers that TikTok must hold, and those it holds. */
  readonly expected: number;
  readonly atTikTok: number;
  readonly missing: number;
  readonly extra: number;
  readonly calls: number;
  /** From the first event to the moment when nothing is owed and nothing in doubt. */
  readonly seconds: number;
}

/** The table a person reads at the end, and where to look next. */
export async function reportText(run: {
  rest: Rest;
  prepared: Prepared;
  stage: Stage;
  expected: Expected;
  result: DemoResult;
}): Promise<string> {
  const { result, expected, stage, prepared } = run;
  const delivery = await run.rest.get(`/destinations/${prepared.destinationId}/delivery`);
  const rows: [string, string | number][] = [
    ['events sent', result.sent],
    ['people in the audience', expected.members],
    ['people who left', expected.left],
    ...skippedRows(delivery),
    ['identifiers TikTok must hold', result.expected],
    ['identifiers TikTok holds', result.atTikTok],
    ['missing / extra', `${result.missing} / ${result.extra}`],
    ['calls to TikTok', result.calls],
    ['seconds, first event to settled', result.seconds],
  ];
  const table = rows.map(([name, value]) => `  ${name.padEnd(34)} ${String(value).padStart(12)}`);
  const where = [
    `  web app               ${await signInLink(run.rest)}`,
    '                        (signs in once, as demo@example.com)',
    `  audiences at TikTok   ${stage.sandbox}/`,
    `  REST API              ${stage.server}/api/v1/openapi.json`,
    `  delivery              curl -H 'Authorization: Bearer ${stage.token}' ${stage.server}/api/v1/destinations/${prepared.destinationId}/delivery`,
    `  logs and data         ${stage.folder}`,
  ];
  return `\n${table.join('\n')}\n\n${where.join('\n')}\n\n`;
}

function skippedRows(delivery: Json): [string, number][] {
  const reasons = isObject(delivery) ? delivery['skippedByReason'] : undefined;
  const counted = isObject(reasons) ? Object.entries(reasons) : [];
  if (counted.length === 0) return [['skipped', countAt(delivery, 'skipped')]];
  return counted.map(([reason, count]) => [`skipped: ${reason}`.slice(0, 60), Number(count)]);
}
