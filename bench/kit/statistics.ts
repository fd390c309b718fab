/** What a few runs say together. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** (most − least) / median: how far the runs lie apart. */
  readonly spread: number;
  readonly runs: readonly number[];
}

export function summary(runs: readonly number[]): Summary {
  const median = percentile(runs, 50);
  const [least, most] = [Math.min(...runs), Math.max(...runs)];
  return { median, least, most, spread: median === 0 ? 0 : (most - least) / median, runs };
}

/** The nearest rank, or the mean of the two middle ones for the median of an even number. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (percent === 50 && Number.isInteger(middle)) return ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
}

/** Least squares: how much `y` rises for 1 of `x`. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (of: 'x' | 'y'): number => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean('x'), mean('y')];
  const along = points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  return along === 0 ? 0 : points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0) / along;
}
