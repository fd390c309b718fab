import type { SourceId } from '../../contract/ids.ts';
import type { EventType } from '../../contract/segment-event.ts';
import type { BodyShape } from './check-request.ts';

/** What a path of the Tracking API means (segment-spec.md 1.1). */
export type Route =
  | { readonly kind: 'events'; readonly shape: BodyShape }
  /** analytics.js telemetry: taken and forgotten. */
  | { readonly kind: 'metrics' }
  | { readonly kind: 'settings'; readonly writeKey: string }
  | { readonly kind: 'webhook'; readonly sourceId: SourceId | undefined }
  | { readonly kind: 'unknown' };

const single = (type: EventType): Route => ({ kind: 'events', shape: { kind: 'single', type } });
const batch: Route = { kind: 'events', shape: { kind: 'batch' } };

const fixed: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['track', single('track')],
  ['t', single('track')],
  ['identify', single('identify')],
  ['i', single('identify')],
  ['page', single('page')],
  ['p', single('page')],
  ['screen', single('screen')],
  ['s', single('screen')],
  ['group', single('group')],
  ['g', single('group')],
  ['alias', single('alias')],
  ['a', single('alias')],
  ['batch', batch],
  ['b', batch],
  ['import', batch],
  ['m', { kind: 'metrics' }],
  ['webhooks/segment', { kind: 'webhook', sourceId: undefined }],
]);

export const trackingPrefix = '/v1/';

export function findRoute(url: string): Route {
  const path = pathOf(url).slice(trackingPrefix.length);
  const known = fixed.get(path);
  if (known) return known;
  const settings = /^projects\/([^/]+)\/settings$/.exec(path)?.[1];
  if (settings !== undefined) return { kind: 'settings', writeKey: settings };
  const source = /^webhooks\/segment\/(?:src_)?([1-9]\d{0,14})$/.exec(path)?.[1];
  if (source !== undefined) return { kind: 'webhook', sourceId: Number(source) as SourceId };
  return { kind: 'unknown' };
}

/** Which methods a route answers besides OPTIONS. */
export const methodOf = (route: Route): 'GET' | 'POST' => (route.kind === 'settings' ? 'GET' : 'POST');

/** Without query and trailing slash; a write key in a query is never read (reliability.md 4.1, T9). */
function pathOf(url: string): string {
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
