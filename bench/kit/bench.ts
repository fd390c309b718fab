/** One bench: a file in benches/, run by main.ts. */
export interface Bench {
  readonly name: string;
  readonly about: string;
  run(setting: Setting): Promise<Figure[]>;
}

export interface Setting {
  /** Small numbers, to see that everything works and roughly where it stands. */
  readonly quick: boolean;
  /** How often what can be repeated is measured. */
  readonly runs: number;
  readonly signal: AbortSignal;
  /** Says what is going on. */
  note(line: string): void;
}

/** A row of the table. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly runs: readonly number[];
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number };
  /** What stands beside the number: CPU by process, sizes, counts. Medians over the runs. */
  readonly beside?: Readonly<Record<string, number>>;
  readonly note?: string;
  /** Where it stands in a plot of docs/performance.md (plots.ts): the median over `x`, on a line of this name. */
  readonly point?: { readonly plot: string; readonly line: string; readonly x: number };
}

/** Which side of its goal the median lies on; undefined where there is none. */
export function isReached({ goal }: Figure, median: number): boolean | undefined {
  if (goal === undefined) return undefined;
  return 'atLeast' in goal ? median >= goal.atLeast : median <= goal.atMost;
}
