import type { SourceKind } from '../../api/sources.ts';

interface Snippet {
  readonly value: string;
  readonly name: string;
  /** The kinds of source it is made for. */
  readonly kinds: readonly SourceKind[];
  readonly steps: readonly { readonly says: string; readonly code: string; readonly label: string }[];
}

/** Ready to paste, each with this source's key and address. */
export function snippets(of: { url: string; writeKey: string; sourceId: string }): Snippet[] {
  return [forwardFromSegment(of), analyticsJs(of), node(of), curl(of)];
}

/** Segment's Webhooks destination sends at most 4 MB in a request; the endpoint takes 5 MB and 4,000 events. */
function forwardFromSegment({ url, writeKey, sourceId }: { url: string; writeKey: string; sourceId: string }): Snippet {
  const basic = `Basic ${btoa(`${writeKey}:`)}`;
  return {
    value: 'segment',
    name: 'Forward from Segment',
    kinds: ['webhook'],
    steps: [
      {
        says: 'At Segment: Connections > Catalog > Functions > New Function > Destination. Paste this, then connect it to your Engage space.',
        label: 'destination function',
        code: `async function send(event) {
  const response = await fetch('${url}/v1/batch', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: '${basic}' },
    body: JSON.stringify({ batch: [event] }),
  });
  if (response.status >= 500 || response.status === 429) throw new RetryError(\`Usher answered \${response.status}\`);
}
const onTrack = send;
const onIdentify = send;`,
      },
      {
        says: 'Or by Webhooks (Actions), with batches of at most 4,000 events: this address and this header.',
        label: 'webhook settings',
        code: `URL:           ${url}/v1/webhooks/segment
Authorization: ${basic}
Signed instead: ${url}/v1/webhooks/segment/${sourceId} (shared secret under Settings)`,
      },
    ],
  };
}

function analyticsJs({ url, writeKey }: { url: string; writeKey: string }): Snippet {
  const host = url.replace(/^https?:\/\//, '');
  return {
    value: 'analytics-js',
    name: 'analytics.js',
    kinds: ['website', 'mobile'],
    steps: [
      {
        says: 'In a page, with Segment’s library from npm (@segment/analytics-next).',
        label: 'analytics.js',
        code: `import { AnalyticsBrowser } from '@segment/analytics-next';

const analytics = AnalyticsBrowser.load(
  { writeKey: '${writeKey}', cdnSettings: { integrations: { 'Segment.io': { apiKey: '${writeKey}' } } } },
  { integrations: { 'Segment.io': { apiHost: '${host}/v1', protocol: '${url.startsWith('https') ? 'https' : 'http'}' } } },
);
analytics.track('Signed Up', { plan: 'free' });`,
      },
    ],
  };
}

function node({ url, writeKey }: { url: string; writeKey: string }): Snippet {
  return {
    value: 'node',
    name: 'Node.js',
    kinds: ['server'],
    steps: [
      {
        says: 'With Segment’s library (@segment/analytics-node).',
        label: 'Node.js',
        code: `import { Analytics } from '@segment/analytics-node';

const analytics = new Analytics({ writeKey: '${writeKey}', host: '${url}' });
analytics.track(${audienceEntered()});
await analytics.closeAndFlush();`,
      },
    ],
  };
}

function curl({ url, writeKey }: { url: string; writeKey: string }): Snippet {
  return {
    value: 'curl',
    name: 'curl',
    kinds: [],
    steps: [
      {
        says: 'One event as Engage sends it, with an invented person.',
        label: 'curl',
        code: `curl ${url}/v1/track -u ${writeKey}: -H 'content-type: application/json' -d '${audienceEntered()}'`,
      },
    ],
  };
}

const audienceEntered = (): string =>
  JSON.stringify(
    {
      event: 'Audience Entered',
      userId: 'user-1',
      properties: { audience_key: 'first_time_shopper', first_time_shopper: true },
      context: {
        traits: { email: 'sample@example.com' },
        personas: { computation_class: 'audience', computation_key: 'first_time_shopper' },
      },
    },
    null,
    2,
  );
