import fs from 'node:fs';
import path from 'node:path';

/** What a browser fetches before the first page stands: the entry, the Home page, and what both import. */
const firstPages = ['index.html', 'screens/home/home.tsx'];

/** Bytes of script and style of the first page, compressed by brotli, as they are sent. */
export function firstLoad(dist) {
  const manifest = JSON.parse(fs.readFileSync(path.join(dist, '.vite/manifest.json'), 'utf8'));
  const chunks = new Set();
  const add = (name) => {
    if (chunks.has(name)) return;
    if (manifest[name] === undefined) throw new Error(`the build has no ${name}`);
    chunks.add(name);
    for (const other of manifest[name].imports ?? []) add(other);
  };
  for (const name of firstPages) add(name);
  const entries = [...chunks].map((name) => manifest[name]);
  const size = (file) => fs.statSync(path.join(dist, `${file}.br`)).size;
  const sum = (files) => [...new Set(files)].reduce((total, file) => total + size(file), 0);
  return {
    script: sum(entries.map(({ file }) => file)),
    style: sum(entries.flatMap(({ css }) => css ?? [])),
  };
}
