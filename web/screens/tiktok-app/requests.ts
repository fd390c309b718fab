export interface TikTokAppFacts {
  readonly configured: boolean;
  readonly appId: string | null;
  readonly redirectUri: string;
  readonly permissions: readonly string[];
}

/** Ready-made texts: whoever reads them need not know Usher. */
export const forOperator = ({ redirectUri, permissions }: TikTokAppFacts): string =>
  [
    'Usher needs an app at TikTok (business-api.tiktok.com, My Apps, Become a developer).',
    '',
    `Redirect URL, to the letter: ${redirectUri}`,
    `Permissions: ${permissions.join(', ')}`,
    '',
    "Then set TIKTOK_APP_ID and TIKTOK_APP_SECRET in Usher's environment and restart it.",
  ].join('\n');

export const forTikTok = ({ appId, permissions }: TikTokAppFacts): string =>
  [
    `Please allow-list our TikTok for Business app ${appId ?? '(App ID)'} for the Audience API.`,
    '',
    'We keep Custom Audiences of our own ad accounts equal to our own customer lists: partner audiences, created and updated through segment/audience and segment/mapping, with SHA-256 hashes only.',
    '',
    `Permissions that the app asks for: ${permissions.join(', ')}.`,
  ].join('\n');
