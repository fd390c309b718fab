import { expect, test } from 'vitest';
import { plotSvg } from './plot.ts';

const plot = {
  title: 'Cost & size',
  xName: 'members',
  yName: 'ms',
  lines: [
    {
      name: 'embedded',
      points: [
        { x: 10, y: 25 },
        { x: 100, y: 50 },
        { x: 1_000, y: 100 },
      ],
    },
  ],
};

test('a tenfold step is as wide wherever it is, and the highest value stands at the top of the grid', () => {
  const places = /polyline points="([^"]*)"/
    .exec(plotSvg(plot))?.[1]
    ?.split(' ')
    .map((place) => place.split(',').map(Number));
  expect(places).toEqual([
    [72, 214],
    [291, 156],
    [510, 40],
  ]);
});

test('words are written so that they cannot break the picture', () => {
  expect(plotSvg(plot)).toContain('Cost &amp; size');
  expect(plotSvg(plot)).not.toContain('Cost & size');
});

test('the names of lines that end together stand one above the other', () => {
  const flat = (name: string) => ({ name, points: [10, 1_000].map((x) => ({ x, y: 1 })) });
  const svg = plotSvg({ ...plot, lines: [...plot.lines, flat('p50'), flat('p95')] });
  const [first = 0, second = 0] = ['p50', 'p95'].map((name) =>
    Number(new RegExp(`y="([\\d.]+)"[^>]*>${name}`).exec(svg)?.[1]),
  );
  expect(first - second).toBeGreaterThanOrEqual(12);
});
