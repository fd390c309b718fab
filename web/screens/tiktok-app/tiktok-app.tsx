import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { tiktokAppQuery } from '../../api/tiktok-app.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { Copyable } from '../../ui/copy.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { Card, Page, Section } from '../../ui/page.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { forOperator, forTikTok, type TikTokAppFacts } from './requests.ts';
import classes from './tiktok-app.module.css';

/** The app at TikTok that this Usher speaks for. Set in the environment, so read-only here. */
export function TikTokApp(): ReactNode {
  return (
    <Page title="TikTok app" width="form">
      <Loaded query={useQuery(tiktokAppQuery)} height={400}>
        {(app) => (
          <>
            <Facts app={app} />
            {!app.configured && (
              <Section
                title="For the operator"
                lead="Whoever runs Usher registers an app with TikTok and sets two values. You can finish everything else."
              >
                <CodeBlock prose label="request for the operator" code={forOperator(app)} />
              </Section>
            )}
            <Section
              title="For TikTok"
              lead="TikTok may have to allow-list the app for its audience API (code 40118). Then this text helps."
            >
              <CodeBlock prose label="request for TikTok" code={forTikTok(app)} />
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Facts({ app }: { app: TikTokAppFacts & { readonly sandbox: string | null } }): ReactNode {
  return (
    <Card label="TikTok app">
      <dl className={classes['facts']}>
        <dt>State</dt>
        <dd>
          {app.configured ? (
            <StatusBadge tone="good">Set up</StatusBadge>
          ) : (
            <StatusBadge tone="attention">Usher has no TikTok app yet</StatusBadge>
          )}
        </dd>
        <dt>Calls go to</dt>
        <dd>{app.sandbox === null ? 'TikTok' : `The TikTok sandbox (${app.sandbox})`}</dd>
        <dt>App ID</dt>
        <dd>{app.appId === null ? '—' : <Copyable text={app.appId} of="App ID" />}</dd>
        <dt>Redirect URL</dt>
        <dd>
          <Copyable text={app.redirectUri} of="redirect URL" />
          <p className={classes['hint']}>Must match the entry at TikTok to the letter.</p>
        </dd>
        <dt>Permissions to tick</dt>
        <dd>
          <ul>
            {app.permissions.map((permission) => (
              <li key={permission}>{permission}</li>
            ))}
          </ul>
        </dd>
      </dl>
      <p className={classes['hint']}>The app is set in Usher's environment, so nothing can be changed on this page.</p>
    </Card>
  );
}
