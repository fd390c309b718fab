/** `npm run plots`: the pictures of docs/performance.md from the JSON of `npm run bench`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Plot, plotSvg } from './kit/plot.ts';
import type { Report } from './kit/report.ts';

const words: Readonly<Record<string, Omit<Plot, 'lines'>>> = {
  batches: { title: 'Throughput by events a request', xName: 'events a request', yName: 'events/s' },
  incremental: { title: 'What 1,000 changes cost, by the size of the audience', xName: 'members', yName: 'ms of CPU' },
  latency: { title: 'From acknowledged to TikTok, by load', xName: 'events/s', yName: 'ms' },
};

const { results } = JSON.parse(readFileSync(process.argv[2] ?? 'tmp/bench.json', 'utf8')) as Report;
const figures = results.flatMap((result) => result.figures);
for (const [name, about] of Object.entries(words)) {
  const lines = new Map<string, { x: number; y: number }[]>();
  for (const { point, median } of figures)
    if (point?.plot === name) lines.set(point.line, [...(lines.get(point.line) ?? []), { x: point.x, y: median }]);
  if (lines.size === 0) continue;
  const file = `docs/images/performance-${name}.svg`;
  writeFileSync(file, plotSvg({ ...about, lines: [...lines].map(([line, points]) => ({ name: line, points })) }));
  console.log(file);
}
