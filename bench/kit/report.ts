/** Figures as a table for people and as JSON for plots. */
import { type Figure, isReached } from './bench.ts';
import type { Machine } from './machine.ts';
import { type Summary, summary } from './statistics.ts';

export interface Result {
  readonly bench: string;
  readonly figures: readonly Figure[];
}

/** What is written down of a run: every number that the table was made of. */
export interface Report {
  readonly at: string;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly results: readonly {
    readonly bench: string;
    readonly figures: readonly (Omit<Figure, 'runs'> & Summary & { readonly reached: boolean | null })[];
  }[];
}

export function reportOf(what: Pick<Report, 'at' | 'quick' | 'machine'>, results: readonly Result[]): Report {
  return {
    ...what,
    results: results.map(({ bench, figures }) => ({
      bench,
      figures: figures.map(({ runs, ...figure }) => {
        const summed = summary(runs);
        return { ...figure, ...summed, reached: isReached({ ...figure, runs }, summed.median) ?? null };
      }),
    })),
  };
}

/** Markdown, so that it can stand in docs/performance.md as it is. */
export function tableOf({ results }: Report): string {
  const head = ['| Bench | Figure | Median | Runs: least to most | Goal | Beside it |', '|---|---|---|---|---|---|'];
  const rows = results.flatMap(({ bench, figures }) =>
    figures.map((figure) => {
      const { what, unit, median, least, most, runs, note } = figure;
      const range = runs.length > 1 ? `${runs.length}: ${short(least)} to ${short(most)}` : '1';
      const beside = Object.entries(figure.beside ?? {}).map(([name, value]) => `${name} ${short(value)}`);
      const cells = [
        bench,
        what,
        `${short(median)} ${unit}`,
        range,
        goalText(figure),
        [...beside, note].filter(Boolean).join(', '),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  );
  return [...head, ...rows].join('\n');
}

function goalText({ goal, reached }: Report['results'][number]['figures'][number]): string {
  if (goal === undefined) return '';
  const wanted = 'atLeast' in goal ? `≥ ${short(goal.atLeast)}` : `≤ ${short(goal.atMost)}`;
  return `${wanted}: ${reached === true ? 'reached' : 'not reached'}`;
}

/** Three digits that count. */
const short = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
