/** The peer's side of `map` and `e2e`: `onBatch` of Segment's destination, 1,000 events each, keeping nothing. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { digestOf, eventsOf, type MappedEvent, measureMapping } from './mapping-task.ts';
import type { PeerTask } from './peer.ts';
import { answerTask } from './worker.ts';

interface Peer {
  readonly Destination: new (
    definition: object,
  ) => { onBatch(events: readonly object[], settings: object): Promise<Result[]> };
  readonly defaultValues: (fields: object) => object;
}
interface Result {
  readonly multistatus?: readonly { readonly status: number }[];
}
interface Definition {
  readonly default: {
    readonly actions: Readonly<Record<string, { readonly fields: object; readonly defaultSubscription: string }>>;
  };
}

// Its modules export plain properties that are read at each call, so the address and the wire can be replaced there.
const require = createRequire(new URL('../peer/package.json', import.meta.url));
const coreFolder = new URL('../peer/node_modules/@segment/actions-core/dist/cjs/', import.meta.url);
const { Destination, defaultValues }: Peer = require('@segment/actions-core');
const constants: {
  BASE_URL: string;
} = require('@segment/action-destinations/dist/destinations/tiktok-audiences/constants');
const wire: { default: unknown; Response: typeof Response } = require(fileURLToPath(new URL('fetch.js', coreFolder)));
const definition: Definition = require('@segment/action-destinations/dist/destinations/tiktok-audiences');

/** Answers every call as TikTok does; `heard` is shown it first. */
function answerFromMemory(heard: (call: Request) => Promise<void> | void): void {
  const { Response } = wire;
  const headers = { 'content-type': 'application/json' };
  wire.default = async (call: Request) => {
    await heard(call);
    return new Response('{"code":0,"message":"OK","request_id":"1","data":{}}', { status: 200, headers });
  };
}

function settingsWith(token: string): object {
  const subscriptions = ['addToAudience', 'removeFromAudience'].map((partnerAction) => {
    const action = definition.default.actions[partnerAction];
    if (action === undefined) throw new Error(`the peer has no ${partnerAction}`);
    return { partnerAction, subscribe: action.defaultSubscription, mapping: defaultValues(action.fields) };
  });
  return { oauth: { access_token: token }, subscriptions };
}

const idsIn = (body: string): string[] => [...body.matchAll(/"id":"([0-9a-f]{64})"/g)].map(([, id]) => id ?? '');

await answerTask(async (task: PeerTask) => {
  const destination = new Destination(definition.default);
  const settings = settingsWith(task.tiktok?.token ?? 'none');
  const send = async (events: readonly MappedEvent[]): Promise<void> => {
    const results = await destination.onBatch(events, settings);
    const done = results.flatMap(({ multistatus = [] }) => multistatus.filter(({ status }) => status === 200)).length;
    if (done !== events.length)
      throw new Error(`the peer sent ${done} of ${events.length}: ${JSON.stringify(results).slice(0, 500)}`);
  };
  const seen: string[] = [];
  if (task.tiktok) constants.BASE_URL = `${task.tiktok.url}/open_api/`;
  else answerFromMemory(async (call) => void seen.push(...idsIn(await call.text())));
  await send(eventsOf(0, task.audienceId));
  const digest = digestOf(seen);
  if (!task.tiktok) answerFromMemory(() => {});
  return { ...(await measureMapping(task, send)), digest };
});
