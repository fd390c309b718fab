import '@mantine/core/styles.layer.css';
import '@mantine/notifications/styles.layer.css';
import './ui/tokens.css';
import './ui/base.css';
import './ui/mantine.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { createQueries } from './app/queries.ts';
import { createAppRouter } from './app/router.tsx';
import { cssVariables, theme } from './ui/theme.ts';

declare global {
  // Read by get-nonce, through which open dialogs lock the scrolling behind them.
  var __webpack_nonce__: string | undefined;
}

const nonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '';
globalThis.__webpack_nonce__ = nonce;

const queries = createQueries();
const router = createAppRouter(queries);
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');

createRoot(root).render(
  <MantineProvider
    theme={theme}
    cssVariablesResolver={cssVariables}
    defaultColorScheme="auto"
    getStyleNonce={() => nonce}
    deduplicateCssVariables={false}
  >
    <QueryClientProvider client={queries}>
      <Notifications position="bottom-right" autoClose={4_000} />
      <RouterProvider router={router} />
    </QueryClientProvider>
  </MantineProvider>,
);
