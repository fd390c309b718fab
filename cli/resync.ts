/** `usher resync`: tells TikTok once more what a running server knows, through its API. */
import { isObject, type Json, type JsonObject } from '../server/kernel/json.ts';
import { askJson, countAt, type Http, textAt } from './demo/http.ts';
import { UsageError } from './fail.ts';

export interface ResyncOptions {
  readonly url: string;
  readonly token: string;
  /** When the backup was made that the database was restored from, as ISO 8601. */
  readonly since: string | undefined;
  /** Only these, `tgt_12`; empty: all. */
  readonly targets: readonly string[];
  readonly dryRun: boolean;
}

interface Place {
  readonly path: string;
  readonly id: string;
  readonly title: string;
}

/** Begins a resync of each target, or says what one would do. Prints line by line; throws where the server refuses. */
export async function resyncTargets(http: Http, print: (line: string) => void, options: ResyncOptions): Promise<void> {
  if (options.since !== undefined && Number.isNaN(Date.parse(options.since)))
    throw new UsageError('--since must be a time like 2026-11-24T18:00:00Z');
  const ask = asker(http, options);
  const all = await targetsOf(ask);
  const unknown = options.targets.filter((id) => !all.some((place) => place.id === id));
  if (unknown.length) throw new UsageError(`there is no TikTok audience ${unknown.join(', ')} at this server`);
  const chosen = all.filter(({ id }) => options.targets.length === 0 || options.targets.includes(id));
  const body = options.since === undefined ? {} : { since: new Date(options.since).toISOString() };
  for (const place of chosen) print(await resyncOne(ask, place, { body, dryRun: options.dryRun }));
  print(
    chosen.length === 0 ? 'there is no TikTok audience yet: nothing to repeat' : summary(chosen.length, options.dryRun),
  );
  if (options.since !== undefined) for (const line of afterRestore(options.since)) print(line);
}

/** Undefined: not possible as things stand (409). Any other refusal is an error. */
type Ask = (method: 'GET' | 'POST', path: string, body?: Json) => Promise<Json | undefined>;

function asker(http: Http, { url, token }: ResyncOptions): Ask {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return (method, path, body) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const question = { method, url: `${url.replace(/\/+$/, '')}/api/v1${path}`, headers, ...sent };
    let conflict = false;
    const noticing: Http = async (asked) => {
      const answer = await http(asked);
      conflict = answer.status === 409;
      return answer;
    };
    return askJson(noticing, question).catch((error: unknown) => {
      if (conflict) return undefined;
      throw error;
    });
  };
}

async function targetsOf(ask: Ask): Promise<Place[]> {
  const places: Place[] = [];
  for (const destination of await everything(ask, '/destinations')) {
    const destinationId = textAt(destination, 'id');
    for (const target of await everything(ask, `/destinations/${destinationId}/targets`)) {
      if (target['state'] === 'gone') continue;
      const id = textAt(target, 'id');
      const name =
        typeof target['name'] === 'string' ? `"${target['name']}"` : `audience ${textAt(target, 'tiktokId')}`;
      const title = `${id} ${name} in ad account ${textAt(target, 'advertiserId')}`;
      places.push({ id, title, path: `/destinations/${destinationId}/targets/${id}/resync` });
    }
  }
  return places;
}

/** All pages of a list. */
async function everything(ask: Ask, path: string): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  for (let cursor = ''; ; ) {
    const answer = await ask('GET', cursor === '' ? path : `${path}?cursor=${encodeURIComponent(cursor)}`);
    if (!isObject(answer) || !Array.isArray(answer['data'])) return items;
    items.push(...answer['data'].filter(isObject));
    const next = isObject(answer['pagination']) ? answer['pagination']['next'] : null;
    if (typeof next !== 'string') return items;
    cursor = next;
  }
}

async function resyncOne(ask: Ask, place: Place, { body, dryRun }: { body: Json; dryRun: boolean }): Promise<string> {
  const plan = dataOf(await ask('POST', `${place.path}?dryRun=true`, body));
  const numbers = `${countAt(plan, 'adds')} present and ${countAt(plan, 'removes')} removed rows, ${countAt(plan, 'calls')} calls, ${countAt(plan, 'seconds')} s`;
  if (dryRun) return `${place.title}: ${numbers}`;
  const answer = await ask('POST', place.path, body);
  if (answer === undefined) return `${place.title}: is being told everything again already`;
  const begun = dataOf(answer);
  const waitsFor = isObject(begun) && typeof begun['waitsFor'] === 'string' ? `; waits: ${begun['waitsFor']}` : '';
  return `${place.title}: begun, ${numbers}${waitsFor}`;
}

const dataOf = (answer: Json | undefined): Json => (isObject(answer) ? (answer['data'] ?? null) : null);

const summary = (count: number, dryRun: boolean): string =>
  dryRun
    ? `nothing was changed; without --dry-run ${count} TikTok audiences would be told everything once more`
    : `${count} TikTok audiences are being told everything once more, behind live changes; GET …/targets/{id}/resync shows how far they are`;

/** What the restored database cannot know, and who can (docs/operating.md, "After a restore"). */
const afterRestore = (since: string): string[] => [
  '',
  `Repeated: everybody this database has as present, and the removals that TikTok accepted in the thirty days before ${since}.`,
  'Calls that were under way when the backup was made are open doubts: their hashes are told once more by themselves.',
  'Not known here, and not repeated:',
  `  - events taken in after ${since}. Send them again: Segment > Engage > the audience > resync, or a replay of the source.`,
  '    They count again, in their own order of time, whenever they come.',
  `  - people who were brought to TikTok after ${since} and whose events do not come again: no row names them, so nothing removes them.`,
  '  - settings, mappings, connections, tokens and API tokens that were changed after it: make them again first.',
];
