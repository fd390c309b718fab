// `npm run build`: the types of the REST API → web/api/openapi.d.ts, the web app → web/dist. With --if-needed (before start,
// demo and the browser tests) only when web/dist is missing or older than its sources; with --types the types alone.
import './ts.mjs';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { firstLoad } from './first-load.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = path.join(root, 'web/dist');
const types = path.join(root, 'web/api/openapi.d.ts');

/** What ends up in the pages. The REST API shapes types only, so its sources do not count here. */
const sources = ['web', 'contract', 'tools/build-web.mjs', 'package-lock.json'];

export async function buildWeb({ ifNeeded = false } = {}) {
  if (ifNeeded && builtAt() > newestOf(sources)) return;
  console.log(`usher: building the web app (${ifNeeded ? reason() : 'as asked'}) …`);
  await writeTypes();
  // Tests and developers have another one, and React would be built with all its warnings.
  process.env.NODE_ENV = 'production';
  const { build } = await import('vite');
  await build({ configFile: path.join(root, 'web/vite.config.ts'), logLevel: 'warn' });
  compress();
  const { script, style } = firstLoad(dist);
  console.log(
    `usher: the web app is in web/dist; a first page loads ${kb(script)} of script and ${kb(style)} of style`,
  );
}

/** From the running code, so that there is nothing to keep in step by hand. */
export async function writeTypes() {
  const { createApi, documentPath } = await import('../server/api/api.ts');
  const { default: openapiTypes, astToString } = await import('openapi-typescript');
  const nothing = () => {};
  const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const answer = await createApi({ log, publicUrl: 'http://usher', version: '' }).request(documentPath);
  const text = astToString(await openapiTypes(await answer.json(), { alphabetize: true }));
  if (fs.existsSync(types) && fs.readFileSync(types, 'utf8') === text) return;
  fs.writeFileSync(types, text);
}

/** Compressed once here instead of with every answer. */
function compress() {
  for (const name of fs.readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    // index.html gets a nonce with every answer.
    if (!/\.(js|css|svg)$/.test(name)) continue;
    const file = path.join(dist, name);
    const content = fs.readFileSync(file);
    fs.writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
    fs.writeFileSync(`${file}.br`, brotliCompressSync(content, { params }));
  }
}

const builtAt = () => fs.statSync(path.join(dist, 'index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
const reason = () => (builtAt() === 0 ? 'not built yet' : 'its sources are newer');
const kb = (bytes) => `${Math.round(bytes / 1000)} KB`;

function newestOf(places) {
  const files = places.map((place) => path.join(root, place)).flatMap(filesIn);
  return Math.max(...files.map((file) => fs.statSync(file).mtimeMs));
}

function filesIn(place) {
  if (!fs.statSync(place).isDirectory()) return [place];
  return fs
    .readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(dist) && file !== types && !/\.test\.tsx?$|\.md$/.test(file));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.argv.includes('--types')) await writeTypes();
  else await buildWeb({ ifNeeded: process.argv.includes('--if-needed') });
}
