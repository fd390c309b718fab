import { readFile } from 'node:fs/promises';
import { transformSync } from 'rolldown/utils';

const root = new URL('../../', import.meta.url).href;
/** [{ file, find, replace }] of patches.ts: from the environment of a process, or from who registers the hook. */
let patches = JSON.parse(process.env['USHER_TEST_PATCHES'] ?? '[]');

export async function initialize(data) {
  if (data !== undefined) patches = data;
}

export async function load(url, context, next) {
  const wanted = patches.filter(({ file }) => url === root + file);
  if (wanted.length === 0) return next(url, context);
  let text = await readFile(new URL(url), 'utf8');
  for (const { file, find, replace } of wanted) {
    const pieces = text.split(find);
    // A patch that no longer fits would test the unchanged code and say nothing.
    if (pieces.length !== 2) throw new Error(`${file} holds ${pieces.length - 1} times, and must once: ${find}`);
    text = pieces.join(replace);
  }
  const { code, errors } = transformSync(url, text, { sourcemap: false });
  if (errors.length) throw new SyntaxError(`${url}: ${errors[0].message}`);
  return { format: 'module', shortCircuit: true, source: code };
}
