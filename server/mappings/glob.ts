/**
 * The patterns of match(): `*` any text, `?` one character, `[abc]`, `[a-z]`, `[^…]`, `\x` literally; the whole value must
 * fit, case counts (segment-spec.md 6.2). No regular expressions: after a star only the last star's place is tried again, so
 * the work is at most text × pattern, and the pattern is short (T14).
 */
export function compileGlob(glob: string): (text: string) => boolean {
  const steps = readSteps(glob);
  const simple = plainTextTest(steps);
  return simple ?? ((text) => matches(text, steps));
}

type Step =
  | { readonly kind: 'star' }
  | { readonly kind: 'one'; readonly fits: (character: string) => boolean; readonly plain?: string };

function readSteps(glob: string): Step[] {
  const characters = [...glob];
  const steps: Step[] = [];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    const close = character === '[' ? characters.indexOf(']', at + 2) : -1;
    if (character === '*') {
      if (steps.at(-1)?.kind !== 'star') steps.push({ kind: 'star' });
    } else if (character === '?') steps.push({ kind: 'one', fits: () => true });
    else if (close > 0) {
      steps.push({ kind: 'one', fits: oneOf(characters.slice(at + 1, close)) });
      at = close;
    } else {
      const escaped = character === '\\' && at + 1 < characters.length;
      if (escaped) at += 1;
      const wanted = characters[at] ?? '';
      steps.push({ kind: 'one', fits: (found) => found === wanted, plain: wanted });
    }
  }
  return steps;
}

/** `[abc]`, `[a-z]`, both mixed, and `[^…]` or `[!…]` for none of them. */
function oneOf(inside: readonly string[]): (character: string) => boolean {
  const negated = (inside[0] === '^' || inside[0] === '!') && inside.length > 1;
  const characters = negated ? inside.slice(1) : inside;
  const singles = new Set<string>();
  const ranges: { from: number; to: number }[] = [];
  for (let at = 0; at < characters.length; at += 1) {
    const from = characters[at] ?? '';
    const to = characters[at + 2];
    if (characters[at + 1] === '-' && to !== undefined) {
      ranges.push({ from: codeOf(from), to: codeOf(to) });
      at += 2;
    } else singles.add(from);
  }
  return (character) => {
    const code = codeOf(character);
    const found = singles.has(character) || ranges.some((range) => code >= range.from && code <= range.to);
    return found !== negated;
  };
}

const codeOf = (character: string): number => character.codePointAt(0) ?? -1;

/** `text`, `text*`, `*text`, `*text*`: the four that people write, without stepping through characters. */
function plainTextTest(steps: readonly Step[]): ((text: string) => boolean) | undefined {
  const opens = steps[0]?.kind === 'star';
  const closes = steps.length > 1 && steps.at(-1)?.kind === 'star';
  const middle = steps.slice(opens ? 1 : 0, closes ? -1 : undefined);
  let wanted = '';
  for (const step of middle) {
    if (step.kind === 'star' || step.plain === undefined) return undefined;
    wanted += step.plain;
  }
  if (opens && closes) return (text) => text.includes(wanted);
  if (opens) return (text) => text.endsWith(wanted);
  if (closes) return (text) => text.startsWith(wanted);
  return (text) => text === wanted;
}

function matches(text: string, steps: readonly Step[]): boolean {
  const characters = [...text];
  let at = 0;
  let step = 0;
  let starStep = -1;
  let starAt = 0;
  while (at < characters.length) {
    const wanted = steps[step];
    if (wanted?.kind === 'star') {
      starStep = step;
      starAt = at;
      step += 1;
    } else if (wanted?.fits(characters[at] ?? '')) {
      at += 1;
      step += 1;
    } else if (starStep >= 0) {
      starAt += 1;
      at = starAt;
      step = starStep + 1;
    } else return false;
  }
  while (steps[step]?.kind === 'star') step += 1;
  return step === steps.length;
}
