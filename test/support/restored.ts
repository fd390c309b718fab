import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { undiciHttp } from '../../cli/demo/http.ts';
import { resyncTargets } from '../../cli/resync.ts';
import { isObject } from '../../server/kernel/json.ts';
import { engageEvent, type Usher, until } from './usher.ts';

/** TikTok as a server of restore flows has it: no rate keeps a call waiting. */
export const unhurriedSandbox = { rate: { perSecond: null, perMinute: null, perDay: null } } as const;

const key = 'first_time_shopper';
const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
const person = (n: number) => ({ userId: `r${n}`, email: `r${n}@example.com` });
const enters = (...people: number[]) => people.map((n) => engageEvent(key, true, person(n)));
const exits = (...people: number[]) => people.map((n) => engageEvent(key, false, person(n)));
const hashes = (...people: number[]) => new Set(people.map((n) => sha(person(n).email)));

/**
 * A backup, a life after it, and the backup put back (docs/operating.md, "After a restore"): a resync repeats what the backup
 * knew, the events since then do the rest. `backUp` gives what puts the database back while the server is stopped.
 */
export async function expectRestored(usher: Usher, backUp: () => Promise<() => void | Promise<void>>): Promise<void> {
  const { writeKey, destinationId, advertiserId } = await usher.prepare('restored');
  const members = () => usher.sandbox.members(advertiserId, key)?.get('EMAIL_SHA256') ?? new Set<string>();
  await usher.send(writeKey, enters(0, 1, 2, 3, 4, 5));
  await usher.settled(destinationId);
  await usher.send(writeKey, exits(5));
  await usher.settled(destinationId);

  const restore = await backUp();
  const since = new Date().toISOString();
  // What the backup does not know: 0 leaves, 5 comes back, 6 and 7 are new, and 7's events will not come again.
  const later = [...exits(0), ...enters(5, 6)];
  await usher.send(writeKey, [...later, ...enters(7)]);
  await usher.settled(destinationId);
  expect(members()).toEqual(hashes(1, 2, 3, 4, 5, 6, 7));
  await usher.restart(restore);

  const lines: string[] = [];
  const options = { url: usher.url, token: usher.token, since, targets: [] };
  await resyncTargets(undiciHttp, (line) => lines.push(line), { ...options, dryRun: true });
  expect(lines[0]).toContain('5 present and 1 removed rows, 2 calls');
  await resyncTargets(undiciHttp, (line) => lines.push(line), { ...options, dryRun: false });
  const said = lines.join('\n');
  expect(said).toContain('begun, 5 present and 1 removed rows');
  expect(said).toContain(`events taken in after ${since}`);
  await resyncTargets(undiciHttp, (line) => lines.push(line), { ...options, dryRun: false });
  expect(lines.join('\n')).toContain('already');

  const id = /tgt_\d+/.exec(said)?.[0] ?? '';
  const done = await until(
    async () => usher.rest.get(`/destinations/${destinationId}/targets/${id}/resync`),
    (resync) => isObject(resync) && resync['state'] === 'done',
    'the resync to be done',
  );
  expect(done).toMatchObject({ reason: 'restore', total: 6, done: 6, before: { audienceId: expect.any(String) } });
  expect(done).toMatchObject({ after: { audienceId: expect.any(String) } });
  // The ledger's own people are there again; those whom no row names stay until their events come.
  expect(members()).toEqual(hashes(0, 1, 2, 3, 4, 6, 7));
  await usher.send(writeKey, later);
  await usher.settled(destinationId);
  expect(members()).toEqual(hashes(1, 2, 3, 4, 5, 6, 7));
}
