// Node 20 runs TypeScript only through module hooks, and every module passes them, those of all packages too: most of the time
// of a start. So there the sources are put together once with the packages they use, and again when one of them has changed
// (docs/decisions/0006).
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = fileURLToPath(import.meta.url);
const project = fileURLToPath(new URL('../', import.meta.url));
const sources = ['cli', 'contract', 'sandbox', 'server', 'tools', 'package-lock.json'];
/** They have native code, or look for files of their own. */
const apart = /^(node:|@electric-sql\/|@node-rs\/|pino$|rolldown)/;
/** What nobody has started from for so long is gone. */
const keptMs = 7 * 24 * 3_600_000;

/** The address to import for a TypeScript source: its own where Node can load it, otherwise that of what was put together. */
export async function runnable(source) {
  if (process.features.typescript) return source.href;
  // Who has put hooks of their own before the sources (tests do) wants them to see the sources.
  const hooked = /--(import|loader|experimental-loader)\b/.test(
    [...process.execArgv, process.env.NODE_OPTIONS].join(' '),
  );
  if (!hooked) {
    try {
      return await bundled(source, project);
    } catch {
      // A folder that cannot be written, or a fault in a source: the loader is slower, and says it better.
    }
  }
  await import('./ts.mjs');
  return source.href;
}

/** The address of what is put together of a source. Its folder is named by the state of all sources, so it never changes. */
export async function bundled(source, root) {
  const state = createHash('sha256').update([source.href, process.version, ...stampsOf(root)].join('\n'));
  const cache = path.join(root, 'node_modules/.cache/usher');
  const place = path.join(cache, state.digest('hex').slice(0, 16));
  if (fs.existsSync(place)) {
    fs.utimesSync(place, new Date(), new Date());
  } else {
    // In a process of its own: the memory that it takes, some 400 MB, would stay with a server that starts from it.
    execFileSync(process.execPath, [here, fileURLToPath(source), place], { stdio: 'ignore' });
    sweep(cache);
  }
  process.setSourceMapsEnabled(true);
  return pathToFileURL(path.join(place, 'main.mjs')).href;
}

function stampsOf(root) {
  const stampsIn = (place) => {
    const stat = fs.statSync(place);
    if (!stat.isDirectory()) return [`${place} ${stat.mtimeMs} ${stat.size}`];
    return fs.readdirSync(place).flatMap((name) => stampsIn(path.join(place, name)));
  };
  return sources.map((name) => path.join(root, name)).flatMap(stampsIn);
}

async function bundle(source, place) {
  const { rolldown } = await import('rolldown');
  const made = await rolldown({
    input: { main: source },
    platform: 'node',
    external: apart,
    plugins: [{ name: 'own-place', transform: ownPlace }],
    logLevel: 'silent',
  });
  const fresh = `${place}.${process.pid}`;
  const names = { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' };
  await made.write({ dir: fresh, format: 'esm', sourcemap: true, ...names });
  try {
    fs.renameSync(fresh, place);
  } catch (error) {
    fs.rmSync(fresh, { recursive: true });
    // Whoever started at the same moment was first, with the same.
    if (!fs.existsSync(place)) throw error;
  }
}

function sweep(cache) {
  for (const name of fs.readdirSync(cache)) {
    const old = path.join(cache, name);
    if (fs.statSync(old).mtimeMs < Date.now() - keptMs) fs.rmSync(old, { recursive: true, force: true });
  }
}

/** A source of ours goes on finding what lies beside it. */
const ownPlace = (code, id) =>
  id.endsWith('.ts') && code.includes('import.meta.url')
    ? code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
    : undefined;

if (here === process.argv[1]) await bundle(...process.argv.slice(2));
