import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { CatalogEntry } from '../../api/destinations.ts';
import { tiktokAppQuery } from '../../api/tiktok-app.ts';
import { CopyButton } from '../../ui/copy.tsx';
import { Section } from '../../ui/page.tsx';
import { Problem } from '../../ui/problem.tsx';
import classes from './before-you-start.module.css';

export function BeforeYouStart({ entry }: { entry: CatalogEntry }): ReactNode {
  const app = useQuery(tiktokAppQuery).data;
  return (
    <div className={classes['text']}>
      <p>{entry.description}</p>
      <p>
        Each audience becomes a Custom Audience of type Partner Audience in the ad accounts that you choose. People are
        added when they enter and removed when they leave, by hashed e-mail address, phone number or advertising id.
      </p>
      <Section title="Before you start">
        <ul>
          <li>A TikTok Ads Manager account in which your role is Admin or Operator.</li>
          <li>
            A TikTok app.{app?.configured === true && <strong className={classes['ready']}> It is set up.</strong>}
          </li>
          <li>Otherwise nothing needs to be created in TikTok: Usher makes the audience with its first person.</li>
        </ul>
        {app?.configured === false && (
          <Problem
            level="attention"
            happened="Usher has no TikTok app yet."
            kept="You can finish everything else."
            next={
              <>
                <span>An operator sets TIKTOK_APP_ID and TIKTOK_APP_SECRET.</span>
                <CopyButton name="Copy the request for the operator" text={requestFor(app.redirectUri)} />
              </>
            }
          />
        )}
      </Section>
    </div>
  );
}

const requestFor = (redirectUri: string): string =>
  `Usher needs a TikTok app (business-api.tiktok.com > My Apps) with the permissions Ad Account Information and Audience Management and the redirect URL ${redirectUri} . Then set TIKTOK_APP_ID and TIKTOK_APP_SECRET and restart Usher.`;
