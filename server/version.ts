import { readFileSync } from 'node:fs';

/** Of package.json: what the API, the log and `usher --version` say. */
export const version: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
