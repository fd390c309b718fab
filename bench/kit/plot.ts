/** Lines over a logarithmic axis as SVG that GitHub shows in light and dark: no script, no font of its own. */
export interface Plot {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  readonly lines: readonly Line[];
}

interface Line {
  readonly name: string;
  /** By x, rising. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const width = 640;
const height = 320;
const margin = { left: 72, right: 130, top: 40, bottom: 48 };
/** Told apart by those who see colours otherwise (Okabe and Ito), on white and on black. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b58900', '#56b4e9'];
const grey = '#888';

export function plotSvg({ title, xName, yName, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const most = roundUp(Math.max(...points.map(({ y }) => y)));
  const [first = 1, last = 1] = [xs[0], xs.at(-1)];
  const left = (x: number): number =>
    margin.left + ((width - margin.left - margin.right) * Math.log(x / first)) / (Math.log(last / first) || 1);
  const top = (y: number): number => height - margin.bottom - ((height - margin.top - margin.bottom) * y) / most;
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => share * most);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}" font-family="sans-serif" font-size="12" fill="${grey}">`,
    text({ x: margin.left, y: 18, anchor: 'start' }, title),
    ...grid.map(
      (y) =>
        `<path d="M${margin.left} ${round(top(y))}H${width - margin.right}" stroke="${grey}" stroke-opacity="0.3"/>`,
    ),
    ...grid.map((y) => text({ x: margin.left - 8, y: top(y) + 4, anchor: 'end' }, number(y))),
    ...xs.map((x) => text({ x: left(x), y: height - margin.bottom + 18, anchor: 'middle' }, number(x))),
    text({ x: (margin.left + width - margin.right) / 2, y: height - 8, anchor: 'middle' }, xName),
    text({ x: margin.left, y: margin.top - 6, anchor: 'start' }, yName),
    ...lines.flatMap((line, at) => drawn(line, colourOf(at), { left, top })),
    ...namesOf(lines, { left, top }),
    '</svg>',
    '',
  ].join('\n');
}

type Scale = { left: (x: number) => number; top: (y: number) => number };

const colourOf = (line: number): string => colours[line % colours.length] ?? grey;

function drawn({ points }: Line, colour: string, { left, top }: Scale): string[] {
  const places = points.map(({ x, y }) => ({ x: round(left(x)), y: round(top(y)) }));
  return [
    `<polyline points="${places.map(({ x, y }) => `${x},${y}`).join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...places.map(({ x, y }) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`),
  ];
}

const lineHeight = 13;

/** Beside the lines' ends; where those lie together, one above the other from the lowest up. */
function namesOf(lines: readonly Line[], { left, top }: Scale): string[] {
  const names = lines.flatMap(({ name, points }, at) => {
    const end = points.at(-1);
    return end ? [{ name, colour: colourOf(at), x: left(end.x) + 8, y: top(end.y) + 4 }] : [];
  });
  let above = Number.POSITIVE_INFINITY;
  return names
    .sort((a, b) => b.y - a.y)
    .map(({ name, colour, x, y }) => {
      above = Math.min(y, above - lineHeight);
      return text({ x, y: above, anchor: 'start', colour }, name);
    });
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
  readonly colour?: string;
}

const text = ({ x, y, anchor, colour }: Place, words: string): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${colour ? ` fill="${colour}"` : ''}>${escaped(words)}</text>`;

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const round = (value: number): number => Math.round(value * 10) / 10;
const number = (value: number): string => Number(value.toPrecision(3)).toLocaleString('en-US');

/** To 1, 2 or 5 times a power of ten, so that the grid has numbers to read. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  return ([1, 2, 5].find((step) => step * power >= value) ?? 10) * power;
}
