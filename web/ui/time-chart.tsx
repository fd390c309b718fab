import { Button, Title } from '@mantine/core';
import { type KeyboardEvent, type PointerEvent, type ReactNode, useId, useState } from 'react';
import { DataTable } from './data-table.tsx';
import { axisEnds, moment, number } from './format.ts';
import { useNow } from './now.ts';
import classes from './time-chart.module.css';

export interface ChartSeries {
  readonly name: string;
  /** A token of tokens.css. */
  readonly color: string;
  /** Bars above zero (solid) or below it (hatched), a mark on top, or a line: what it is never hangs on its colour. */
  readonly kind: 'up' | 'down' | 'mark' | 'line' | 'dashed';
}
/** `values` in the order of the series; null: not known. */
export interface ChartPoint {
  readonly time: string;
  readonly values: readonly (number | null)[];
}
/** When something else held, by point: behind the drawing, and in words where one stands. */
export interface ChartBand {
  readonly name: string;
  readonly holds: readonly boolean[];
}
interface TimeChartProps {
  readonly title: string;
  /** What the chart says, for those who do not look at it. */
  readonly sentence: string;
  readonly series: readonly ChartSeries[];
  readonly points: readonly ChartPoint[];
  readonly bands?: readonly ChartBand[];
}

/** Numbers over time: a sentence, a drawing that arrow keys walk through, and the same as a table. */
export function TimeChart({ title, sentence, series, points, bands = [] }: TimeChartProps): ReactNode {
  const [asTable, setAsTable] = useState(false);
  const { low } = extent(series, points);
  return (
    <figure className={classes['chart']} aria-label={title}>
      <div className={classes['head']}>
        <Title order={3}>{title}</Title>
        <Button size="compact-sm" variant="default" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          Show as table
        </Button>
      </div>
      <p className={classes['sentence']}>{sentence}</p>
      {asTable ? <Numbers {...{ title, series, points, bands }} /> : <Drawing {...{ title, series, points, bands }} />}
      <figcaption className={classes['legend']}>
        {series.map(({ name, color, kind }) => (
          <span key={name}>
            <i className={classes['key']} data-kind={kind} style={{ color: `var(--${color})` }} aria-hidden />
            {name}
          </span>
        ))}
        {bands.map(({ name, holds }, order) =>
          holds.includes(true) ? (
            <span key={name}>
              <i className={classes['key']} data-kind={order === 0 ? 'band' : 'stripe'} aria-hidden />
              {name}
            </span>
          ) : null,
        )}
        {low > 0 && <span>The axis starts at {number(low)}.</span>}
        <span className={classes['zone']}>{new Intl.DateTimeFormat().resolvedOptions().timeZone}</span>
      </figcaption>
    </figure>
  );
}

type Drawn = Required<Omit<TimeChartProps, 'sentence'>>;

function Numbers({ title, series, points, bands }: Drawn): ReactNode {
  const now = useNow();
  const columns = [
    { name: 'Time', cell: ({ time }: ChartPoint) => moment(new Date(time), now) },
    ...series.map(({ name }, at) => ({
      name,
      align: 'right' as const,
      cell: ({ values }: ChartPoint) => shown(values[at]),
    })),
    ...bands.map(({ name, holds }) => ({
      name,
      cell: (point: ChartPoint) => (holds[points.indexOf(point)] ? 'Yes' : ''),
    })),
  ];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keyboard too
    <section className={classes['table']} aria-label={`${title}, all points`} tabIndex={0}>
      <DataTable label={`${title}, as a table`} columns={columns} rows={points} rowKey={({ time }) => time} />
    </section>
  );
}

const width = 720;
const height = 180;
/** The second band is told from the first one by its form. */
const stripe = 10;

function Drawing({ title, series, points, bands }: Drawn): ReactNode {
  const now = useNow();
  const [at, setAt] = useState<number>();
  const { low, high } = extent(series, points);
  const [bottom, top] = axisEnds(Math.abs(low), high);
  const y = (value: number): number => height - ((value - low) / (high - low)) * height;
  const step = width / Math.max(1, points.length);
  const chosen = at === undefined ? undefined : points[at];
  const walk = (event: KeyboardEvent): void => {
    const to = target(event.key, at, points.length);
    if (to === undefined) return;
    event.preventDefault();
    setAt(to);
  };
  const point = ({ nativeEvent: { offsetX }, currentTarget: { clientWidth } }: PointerEvent<HTMLDivElement>): void =>
    setAt(Math.min(points.length - 1, Math.max(0, Math.floor((offsetX / clientWidth) * points.length))));
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields */}
      <div
        className={classes['drawing']}
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys walk through its points
        tabIndex={0}
        aria-label={`${title}: arrow keys walk through it`}
        onKeyDown={walk}
        onBlur={() => setAt(undefined)}
        onPointerMove={point}
        onPointerLeave={() => setAt(undefined)}
      >
        <span className={classes['top']}>{top}</span>
        <span className={classes['bottom']}>{bottom}</span>
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
          {bands.flatMap(({ name, holds }, order) =>
            runsIn(holds).map(({ from, length }) => (
              <rect
                key={`${name} ${from}`}
                className={classes['band']}
                x={from * step}
                y={0}
                width={length * step}
                height={order === 0 ? height : stripe}
              />
            )),
          )}
          <line className={classes['zero']} x1={0} x2={width} y1={y(Math.max(low, 0))} y2={y(Math.max(low, 0))} />
          {at !== undefined && <rect className={classes['chosen']} x={at * step} y={0} width={step} height={height} />}
          {series.map((one, index) => (
            <Layer key={one.name} series={one} values={points.map(({ values }) => values[index] ?? null)} y={y} />
          ))}
        </svg>
      </div>
      <div className={classes['axis']} aria-hidden>
        <span>{moment(new Date(points[0]?.time ?? now), now)}</span>
        <span>{moment(new Date(points.at(-1)?.time ?? now), now)}</span>
      </div>
      <p className={classes['point']} role="status">
        {chosen &&
          `${moment(new Date(chosen.time), now)}: ${[
            ...series.map(({ name }, index) => `${shown(chosen.values[index])} ${name.toLowerCase()}`),
            ...bands.filter(({ holds }) => at !== undefined && holds[at]).map(({ name }) => name.toLowerCase()),
          ].join(', ')}`}
      </p>
    </>
  );
}

/** Where it holds, as far as it goes on: one form each. */
function runsIn(holds: readonly boolean[]): { from: number; length: number }[] {
  const runs: { from: number; length: number }[] = [];
  for (const [at, held] of holds.entries()) {
    const last = runs.at(-1);
    if (!held) continue;
    if (last && last.from + last.length === at) last.length += 1;
    else runs.push({ from: at, length: 1 });
  }
  return runs;
}

interface LayerProps {
  readonly series: ChartSeries;
  readonly values: readonly (number | null)[];
  readonly y: (value: number) => number;
}

function Layer({ series: { kind, color }, values, y }: LayerProps): ReactNode {
  const hatch = useId();
  const step = width / Math.max(1, values.length);
  const style = { color: `var(--${color})` };
  if (kind === 'line' || kind === 'dashed') {
    const known = values.flatMap((value, at) => (value === null ? [] : [`${(at + 0.5) * step},${y(value)}`]));
    return <polyline className={classes['line']} data-kind={kind} style={style} points={known.join(' ')} />;
  }
  if (kind === 'mark') {
    return values.map((value, at) =>
      // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a mark is
      value ? <Cross key={at} x={(at + 0.5) * step} style={style} /> : null,
    );
  }
  const side = kind === 'up' ? 1 : -1;
  return (
    <g style={style}>
      <pattern id={hatch} width={6} height={6} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width={3} height={6} fill="currentColor" />
      </pattern>
      {values.map((value, at) => {
        const tip = y(side * (value ?? 0));
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a bar is
            key={at}
            x={at * step + step * 0.15}
            width={step * 0.7}
            y={Math.min(y(0), tip)}
            height={Math.abs(tip - y(0))}
            fill={kind === 'up' ? 'currentColor' : `url(#${hatch})`}
            stroke="currentColor"
            vectorEffect="non-scaling-stroke"
          />
        );
      })}
    </g>
  );
}

function Cross({ x, style }: { x: number; style: { color: string } }): ReactNode {
  return <path className={classes['cross']} style={style} d={`M${x - 4},4 L${x + 4},14 M${x + 4},4 L${x - 4},14`} />;
}

/** From 0 where bars stand; a line may start above 0, and its axis says where. */
function extent(series: readonly ChartSeries[], points: readonly ChartPoint[]): { low: number; high: number } {
  const drawn = points.flatMap(({ values }) =>
    values.flatMap((value, at) => {
      const kind = series[at]?.kind;
      if (value === null || kind === 'mark') return [];
      return [kind === 'down' ? -value : value];
    }),
  );
  const high = Math.max(1, ...drawn);
  const lines = series.every(({ kind }) => kind === 'line' || kind === 'dashed');
  return { low: lines ? lowestOf(drawn, high) : Math.min(0, ...drawn), high };
}

/** Lines far above 0 would be flat: their axis starts a little under them. */
function lowestOf(drawn: readonly number[], high: number): number {
  const lowest = Math.min(...drawn, high);
  if (lowest < high * 0.7) return 0;
  return Math.max(0, Math.floor(lowest - Math.max(1, (high - lowest) * 0.2)));
}

function target(key: string, at: number | undefined, length: number): number | undefined {
  if (length === 0) return undefined;
  if (key === 'ArrowRight') return Math.min(length - 1, (at ?? -1) + 1);
  if (key === 'ArrowLeft') return Math.max(0, (at ?? length) - 1);
  if (key === 'Home') return 0;
  return key === 'End' ? length - 1 : undefined;
}

const shown = (value: number | null | undefined): string =>
  value === null || value === undefined ? '—' : number(value);
