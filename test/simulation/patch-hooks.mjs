import { readFile } from 'node:fs/promises';
import { transformSync } from 'rolldown/utils';

/** A module loader hook that takes one rule out: a piece of one source file is replaced as it is loaded. */
let patch;

export async function initialize(data) {
  patch = data;
}

export async function load(url, context, next) {
  if (url !== patch.url) return next(url, context);
  const source = await readFile(new URL(url), 'utf8');
  if (source.split(patch.find).length !== 2) throw new Error(`${url} does not hold the text to replace exactly once`);
  const { code, errors } = transformSync(
    url,
    source.replace(patch.find, () => patch.replace),
    { sourcemap: false },
  );
  if (errors.length) throw new SyntaxError(`${url}: ${errors[0].message}`);
  return { format: 'module', shortCircuit: true, source: code };
}
