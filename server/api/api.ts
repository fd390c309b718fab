/**
 * The REST API under /api/v1 (design.md 7). A resource is one file that exports `(app, parts) => void`; the OpenAPI
 * document comes from the same schemas that check what is sent. Everything but the document and TikTok's way back needs a
 * token; which role, says each route; whether the space is the principal's, access.ts.
 */
import { onlyKnown } from './access.ts';
import { audiences } from './audiences.ts';
import { auditEvents } from './audit.ts';
import { catalog } from './catalog.ts';
import { delivery } from './delivery.ts';
import { destinationConnections } from './destination-connections.ts';
import { destinations } from './destinations.ts';
import { type Api, apiHeaders, createHttpApp, limitBody, notFound, onlyJson } from './http.ts';
import { ingestCounts } from './ingest-counts.ts';
import { members } from './members.ts';
import { oauth } from './oauth.ts';
import { parked } from './parked.ts';
import type { ApiParts } from './parts.ts';
import { people } from './people.ts';
import { recentEvents } from './recent-events.ts';
import { requests } from './requests.ts';
import { resume } from './resume.ts';
import { sources } from './sources.ts';
import { spaces } from './spaces.ts';
import { subscriptions } from './subscriptions.ts';
import { targets } from './targets.ts';
import { tokens } from './tokens.ts';
import { tryMapping } from './try-mapping.ts';

const resources: readonly ((app: Api, parts: ApiParts) => void)[] = [
  spaces,
  sources,
  recentEvents,
  ingestCounts,
  catalog,
  destinations,
  resume,
  oauth,
  tryMapping,
  subscriptions,
  tokens,
  auditEvents,
  audiences,
  members,
  destinationConnections,
  delivery,
  requests,
  parked,
  targets,
  people,
];

export const documentPath = '/api/v1/openapi.json';

/** A function from request to response: `app.request(…)` in tests, `getRequestListener(app.fetch)` behind a port. */
export function createApi(parts: ApiParts): Api {
  const app = createHttpApp(parts.log);
  app.use('/api/*', apiHeaders, onlyJson, limitBody());
  app.doc31(documentPath, {
    openapi: '3.1.0',
    info: { title: 'Usher', version: parts.version },
    servers: [{ url: parts.publicUrl }],
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  app.use('/api/*', onlyKnown(parts.authenticate));
  for (const resource of resources) resource(app, parts);
  app.all('/api/*', () => {
    throw notFound();
  });
  return app;
}

export type { ApiParts } from './parts.ts';
