import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { tiktokAppQuery } from '../api/tiktok-app.ts';

/** Assets > Audiences at TikTok, or the sandbox's page of it. */
export function AdsManagerLink(): ReactNode {
  const sandbox = useQuery(tiktokAppQuery).data?.sandbox;
  const href = sandbox ? `${sandbox}/ads-manager/audiences` : 'https://ads.tiktok.com/i18n/dmp/audience';
  return (
    <Anchor href={href} target="_blank" rel="noreferrer" underline="always">
      Open TikTok Ads Manager
    </Anchor>
  );
}
