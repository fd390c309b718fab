import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router';
import { meQuery } from '../api/session.ts';
import { tiktokAppQuery } from '../api/tiktok-app.ts';
import { Crashed, NoSuchAddress } from '../ui/dead-ends.tsx';
import { parseSearch, type Search, stringifySearch } from './search.ts';
import { Shell } from './shell.tsx';
import { SpaceFrame } from './space-frame.tsx';

/**
 * All addresses of the app (in the order of the navigation), each with its screen, loaded when it is first visited. What a
 * page shows beyond its address (filters, ranges, open rows) is in the query, as text; screens read it by `useSearchState`.
 */
interface Context {
  readonly queries: QueryClient;
}

const root = createRootRouteWithContext<Context>()({
  component: Outlet,
  validateSearch: (search: Record<string, unknown>): Search => search as Search,
});

// --- without a session -----------------------------------------------------------------------------------------------

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('../screens/sign-in/sign-in.tsx'), 'SignIn'),
});
const setUp = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('../screens/set-up/set-up.tsx'), 'SetUp'),
});
const invite = createRoute({
  getParentRoute: () => root,
  path: '/invite',
  component: lazyRouteComponent(() => import('../screens/invite/invite.tsx'), 'Invite'),
});

// --- with one --------------------------------------------------------------------------------------------------------

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  component: Outlet,
  async beforeLoad({ context, location }) {
    const me = await context.queries.ensureQueryData(meQuery);
    if (me.signedIn) return;
    throw redirect({ to: '/sign-in', search: location.pathname === '/' ? {} : { next: location.href } });
  },
});

const start = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  async beforeLoad({ context }) {
    const { spaces } = await context.queries.ensureQueryData(meQuery);
    const [first] = spaces;
    if (!first) throw redirect({ to: '/first-space' });
    throw redirect({ to: '/spaces/$space/home', params: { space: first.id } });
  },
});
const firstSpace = createRoute({
  getParentRoute: () => signedIn,
  path: '/first-space',
  component: lazyRouteComponent(() => import('../screens/first-space/first-space.tsx'), 'FirstSpace'),
});

const shell = createRoute({
  getParentRoute: () => signedIn,
  id: 'shell',
  component: Shell,
  // Whether the bar of the sandbox stands on top is known before anything is drawn: later it would push the page down.
  beforeLoad: ({ context }) => context.queries.prefetchQuery(tiktokAppQuery),
});
const space = createRoute({
  getParentRoute: () => shell,
  path: '/spaces/$space',
  component: SpaceFrame,
  // The audience that a set-up is about goes along with every link (guide-bar.tsx).
  search: { middlewares: [retainSearchParams<Search>(['audience'])] },
});

const home = createRoute({
  getParentRoute: () => space,
  path: '/home',
  component: lazyRouteComponent(() => import('../screens/home/home.tsx'), 'Home'),
});

const audiences = createRoute({
  getParentRoute: () => space,
  path: '/engage/audiences',
  component: lazyRouteComponent(() => import('../screens/audiences/audiences.tsx'), 'Audiences'),
});
const audience = createRoute({
  getParentRoute: () => space,
  path: '/engage/audiences/$audience/{-$tab}',
  component: lazyRouteComponent(() => import('../screens/audience/audience.tsx'), 'Audience'),
});
const engageSettings = createRoute({
  getParentRoute: () => space,
  path: '/engage/settings/{-$tab}',
  component: lazyRouteComponent(() => import('../screens/engage-settings/engage-settings.tsx'), 'EngageSettings'),
});

const sources = createRoute({
  getParentRoute: () => space,
  path: '/connections/sources',
  component: lazyRouteComponent(() => import('../screens/sources/sources.tsx'), 'Sources'),
});
const source = createRoute({
  getParentRoute: () => space,
  path: '/connections/sources/$source/{-$tab}',
  component: lazyRouteComponent(() => import('../screens/source/source.tsx'), 'Source'),
});
const destinations = createRoute({
  getParentRoute: () => space,
  path: '/connections/destinations',
  component: lazyRouteComponent(() => import('../screens/destinations/destinations.tsx'), 'Destinations'),
});
const destination = createRoute({
  getParentRoute: () => space,
  path: '/connections/destinations/$destination/{-$tab}',
  component: lazyRouteComponent(() => import('../screens/destination/destination.tsx'), 'Destination'),
});
const mapping = createRoute({
  getParentRoute: () => space,
  path: '/connections/destinations/$destination/mappings/$mapping',
  component: lazyRouteComponent(() => import('../screens/mapping-editor/mapping-editor.tsx'), 'MappingEditor'),
});

const catalog = createRoute({
  getParentRoute: () => space,
  path: '/catalog/destinations',
  component: lazyRouteComponent(() => import('../screens/catalog/catalog.tsx'), 'Catalog'),
});
const catalogPage = createRoute({
  getParentRoute: () => space,
  path: '/catalog/destinations/$entry/{-$tab}',
  component: lazyRouteComponent(() => import('../screens/catalog-page/catalog-page.tsx'), 'CatalogPage'),
});
const selectSource = createRoute({
  getParentRoute: () => space,
  path: '/catalog/destinations/$entry/configure',
  component: lazyRouteComponent(() => import('../screens/select-source/select-source.tsx'), 'SelectSource'),
});
const quickConnect = createRoute({
  getParentRoute: () => space,
  path: '/quick-connect',
  component: lazyRouteComponent(() => import('../screens/quick-connect/quick-connect.tsx'), 'QuickConnect'),
});

// --- of the whole installation ---------------------------------------------------------------------------------------

const users = createRoute({
  getParentRoute: () => shell,
  path: '/settings/users',
  component: lazyRouteComponent(() => import('../screens/users/users.tsx'), 'Users'),
});
const tokens = createRoute({
  getParentRoute: () => shell,
  path: '/settings/tokens',
  component: lazyRouteComponent(() => import('../screens/api-tokens/api-tokens.tsx'), 'ApiTokens'),
});
const audit = createRoute({
  getParentRoute: () => shell,
  path: '/settings/audit',
  component: lazyRouteComponent(() => import('../screens/audit/audit.tsx'), 'Audit'),
});
const tiktokApp = createRoute({
  getParentRoute: () => shell,
  path: '/settings/tiktok-app',
  component: lazyRouteComponent(() => import('../screens/tiktok-app/tiktok-app.tsx'), 'TikTokApp'),
});
const profile = createRoute({
  getParentRoute: () => shell,
  path: '/profile',
  component: lazyRouteComponent(() => import('../screens/profile/profile.tsx'), 'Profile'),
});

const engagePages = [audiences, audience, engageSettings];
const connectionPages = [sources, source, destinations, destination, mapping, catalog, catalogPage, selectSource];
const spacePages = [home, ...engagePages, ...connectionPages, quickConnect];
const settingsPages = [users, tokens, audit, tiktokApp, profile];

const tree = root.addChildren([
  signIn,
  setUp,
  invite,
  signedIn.addChildren([start, firstSpace, shell.addChildren([space.addChildren(spacePages), ...settingsPages])]),
]);

export function createAppRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultNotFoundComponent: NoSuchAddress,
    defaultErrorComponent: Crashed,
    // Below this a page that is on its way shows nothing; what waits longer shows its own skeleton.
    defaultPendingMs: 150,
    parseSearch,
    stringifySearch,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
