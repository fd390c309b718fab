/**
 * The REST API under /api/v1 (design.md 7). A resource is one file that exports `(app, parts) => void`; the OpenAPI
 * document comes from the same schemas that check what is sent. Everything but the document, signing in and TikTok's way back
 * needs a token or a session; which role, says each route; whether the space is the principal's, access.ts. Whatever is not
 * for programs is the web app (pages.ts).
 */
import { onlyKnown, rememberFrom } from './access.ts';
import { audienceSizes } from './audience-sizes.ts';
import { audiences } from './audiences.ts';
import { auditEvents } from './audit.ts';
import { catalog } from './catalog.ts';
import { counterpart } from './counterpart.ts';
import { liveDebugger } from './debugger.ts';
import { delivery } from './delivery.ts';
import { destinationConnections } from './destination-connections.ts';
import { destinationStatus } from './destination-status.ts';
import { destinations } from './destinations.ts';
import { errorCatalog } from './error-catalog.ts';
import { type Api, apiHeaders, createHttpApp, limitBody, notFound, onlyJson, onlyOwnPages } from './http.ts';
import { ingestCounts } from './ingest-counts.ts';
import { invitationLinks, invitations } from './invitations.ts';
import { kept } from './kept.ts';
import { leaving } from './leaving.ts';
import { matchingMappings } from './matching-mappings.ts';
import { members } from './members.ts';
import { oauth } from './oauth.ts';
import { pages } from './pages.ts';
import { parked } from './parked.ts';
import type { ApiParts } from './parts.ts';
import { people } from './people.ts';
import { profile } from './profile.ts';
import { recentEvents } from './recent-events.ts';
import { requests } from './requests.ts';
import { resume } from './resume.ts';
import { resync } from './resync.ts';
import { sessions } from './sessions.ts';
import { signInRoutes } from './sign-in.ts';
import { sources } from './sources.ts';
import { spaces } from './spaces.ts';
import { subscriptions } from './subscriptions.ts';
import { targets } from './targets.ts';
import { tiktokAccount } from './tiktok-account.ts';
import { tiktokApp } from './tiktok-app.ts';
import { tokens } from './tokens.ts';
import { tryMapping } from './try-mapping.ts';
import { users } from './users.ts';

const resources: readonly ((app: Api, parts: ApiParts) => void)[] = [
  spaces,
  sources,
  recentEvents,
  liveDebugger,
  ingestCounts,
  catalog,
  errorCatalog,
  tiktokAccount,
  tiktokApp,
  destinations,
  resume,
  oauth,
  tryMapping,
  subscriptions,
  counterpart,
  tokens,
  auditEvents,
  audiences,
  audienceSizes,
  members,
  destinationConnections,
  matchingMappings,
  delivery,
  destinationStatus,
  requests,
  parked,
  targets,
  resync,
  kept,
  leaving,
  people,
  sessions,
  profile,
  users,
  invitations,
];

/** For those whom nobody knows yet. */
const beforeSignIn: readonly ((app: Api, parts: ApiParts) => void)[] = [signInRoutes, invitationLinks];

export const documentPath = '/api/v1/openapi.json';

/** A function from request to response: `app.request(…)` in tests, `getRequestListener(app.fetch)` behind a port. */
export function createApi(parts: ApiParts): Api {
  const app = createHttpApp(parts.log);
  app.use('/api/*', apiHeaders(parts.publicUrl), onlyOwnPages(parts.publicUrl), onlyJson, limitBody(), rememberFrom);
  app.doc31(documentPath, {
    openapi: '3.1.0',
    info: { title: 'Usher', version: parts.version },
    servers: [{ url: parts.publicUrl }],
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: parts.publicUrl.startsWith('https:') ? '__Host-usher' : 'usher',
    description: 'set by POST /api/v1/session; requests that change something must come from a page of Usher',
  });
  for (const resource of beforeSignIn) resource(app, parts);
  app.use('/api/*', onlyKnown(parts));
  for (const resource of resources) resource(app, parts);
  app.all('/api/*', () => {
    throw notFound();
  });
  pages(app, parts);
  return app;
}

export type { ApiParts } from './parts.ts';
