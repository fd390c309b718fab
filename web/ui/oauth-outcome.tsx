import { type ReactNode, useEffect, useRef } from 'react';
import { Problem } from './problem.tsx';

/** What came of a way to TikTok and back (`oauth` in the address), said where it began; it takes the focus. */
export function OAuthOutcome({ outcome }: { outcome: string }): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.focus(), []);
  const words = wordsFor(outcome);
  if (words === null) return null;
  return (
    <div ref={place} tabIndex={-1}>
      <Problem {...words} />
    </div>
  );
}

function wordsFor(outcome: string): { happened: string; kept: string } | null {
  switch (outcome) {
    case '':
    case 'connected':
      return null;
    case 'declined':
      return {
        happened: 'TikTok sent you back without a permission.',
        kept: "Your settings are as they were. Press Connect TikTok and choose Confirm on TikTok's page.",
      };
    case 'expired-state':
      return {
        happened: 'This TikTok sign-in was started over 10 minutes ago, or in another window.',
        kept: 'Nothing was changed.',
      };
    default: {
      const [, code] = /-(\d+)$/.exec(outcome) ?? [];
      return {
        happened: `TikTok gave no permission for its code${code === undefined ? '' : ` (${code})`}: it was used already, or is too old.`,
        kept: 'Nothing changed. Connect TikTok again.',
      };
    }
  }
}
