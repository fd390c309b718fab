import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { idToText, type SourceId, type SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent } from '../../contract/segment-event.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { manualClock } from '../kernel/clock.ts';
import { createApi } from './api.ts';

const database = testDatabase(import.meta.url);
const clock = manualClock();
const v1 = '/api/v1';

const received = (spaceId: SpaceId, sourceId: SourceId, n: number): ReceivedEvent => ({
  spaceId,
  sourceId,
  sourceKind: 'server',
  timeUs: 0,
  originalUs: 0,
  event: {
    type: 'track',
    event: 'Audience Entered',
    messageId: `m${n}`,
    userId: 'user-7',
    properties: { audience_key: 'vip', vip: true },
    context: { traits: { email: 'ana@example.com' } },
    timestamp: '2026-01-01T00:00:00.000Z',
    originalTimestamp: '2026-01-01T00:00:00.000Z',
    receivedAt: '2026-01-01T00:00:00.000Z',
  },
});

async function watched() {
  const ring: ReceivedEvent[] = [];
  const api = apiUnderTest(database.db, clock, { recent: () => [...ring].reverse() });
  const space = await api.space('shop');
  const token = await api.token(space, 'owner');
  const body = { slug: 'engage', name: 'Engage', kind: 'server' };
  const made = await api.request('POST', `${v1}/spaces/${idToText('space', space)}/sources`, { token, body });
  const id: string = made.json.data.id;
  const open = async () => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await createApi(api.parts).request(`${v1}/sources/${id}/debugger`, { headers });
    const reader = answer.body?.getReader() ?? expect.fail('no stream');
    const decoder = new TextDecoder();
    let text = '';
    /** Lets time pass, no faster than the database answers what the stream asks it, and reads until the stream has said this. */
    const until = async (wanted: string): Promise<string> => {
      while (!text.includes(wanted)) {
        const reading = { over: false };
        const next = reader.read().finally(() => {
          reading.over = true;
        });
        while (!reading.over) await clock.advance(500).then(() => database.db.query(sql`select 1`));
        const { done, value } = await next;
        if (done) return expect.fail(`the stream ended without ${wanted}`);
        text += decoder.decode(value, { stream: true });
      }
      const said = text;
      text = '';
      return said;
    };
    return { answer, until, close: () => reader.cancel() };
  };
  const add = (n: number, sourceId = Number(id.slice(4)) as SourceId) => ring.push(received(space, sourceId, n));
  return { add, open };
}

test('I13: the debugger shows what came in and what comes in, of its source alone, masked', async () => {
  const { add, open } = await watched();
  add(1);
  add(2, 999_999 as SourceId);
  const { answer, until, close } = await open();
  expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const first = await until(': \n\n');
  expect(first).toContain('"messageId":"m1"');
  expect(first).toContain('"audienceKey":"vip"');
  expect(first).toContain('"person":[{"type":"user_id","masked":"u***"},{"type":"email","masked":"a***"}]');
  expect(first).not.toMatch(/m2|ana@|example\.com|user-7/);
  add(3);
  expect(await until('m3')).not.toContain('m1');
  await close();
});

test('above twenty events a second it samples and says how many it left out', async () => {
  const { add, open } = await watched();
  const { until, close } = await open();
  await until(': \n\n');
  for (let n = 0; n < 25; n += 1) add(n);
  const said = await until('"left":15');
  expect(said.match(/event: seen/g)).toHaveLength(10);
  await close();
});
