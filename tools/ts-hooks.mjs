import { readFile } from 'node:fs/promises';
import { transformSync } from 'rolldown/utils';

/** A module loader hook: turns a .ts file into JavaScript with the compiler that Vite already brings. */
export async function load(url, context, next) {
  if (!/\.m?ts$/.test(url)) return next(url, context);
  const { code, errors } = transformSync(url, await readFile(new URL(url), 'utf8'), { sourcemap: false });
  if (errors.length) throw new SyntaxError(`${url}: ${errors[0].message}`);
  return { format: 'module', shortCircuit: true, source: code };
}
