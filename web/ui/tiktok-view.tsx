import type { ReactNode } from 'react';
import type { Target } from '../api/targets.ts';
import { moment, number, people } from './format.ts';
import { useNow } from './now.ts';
import { StatusBadge, type Tone } from './status-badge.tsx';
import { type AtTikTok, readSeen, viewOf } from './tiktok-size.ts';

/** TikTok's own view of an audience (web.md 6.4): matched people, validity, expiry; never mixed with our numbers. */
export function TikTokView({ target }: { target: Pick<Target, 'seen' | 'createdAt'> }): ReactNode {
  const now = useNow();
  const view = viewOf(readSeen(target), now);
  const { tone, words } = say(view, now);
  return (
    <>
      <StatusBadge tone={tone}>{words}</StatusBadge>
      {view.kind === 'too-small' && <ToThousand matched={view.matched} />}
    </>
  );
}

function ToThousand({ matched }: { matched: number }): ReactNode {
  return <span>{number(Math.max(0, 1_000 - matched))} more have to match.</span>;
}

function say(view: AtTikTok, now: Date): { tone: Tone; words: string } {
  const at = (time: Date) => moment(time, now);
  switch (view.kind) {
    case 'unseen':
      return { tone: 'neutral', words: 'TikTok has not been asked yet. Usher looks every six hours.' };
    case 'created':
      return {
        tone: 'info',
        words: 'Created a moment ago. TikTok needs a minute or two before it takes people; Usher waits.',
      };
    case 'matching':
      return {
        tone: 'neutral',
        words: `TikTok is matching. It shows a size 24 to 48 hours after the first people arrive: look again after ${at(view.until)}.`,
      };
    case 'growing':
      return {
        tone: 'neutral',
        words: `TikTok has matched ${people(view.matched)} so far; ads need 1,000. It may still grow until ${at(view.until)}.`,
      };
    case 'too-small':
      return {
        tone: 'attention',
        words: `TikTok matched ${people(view.matched)}; ads need 1,000. Turn on Send Phone, or widen the audience in Segment.`,
      };
    case 'valid':
      return { tone: 'good', words: `TikTok matched ${people(view.matched)}. Ready for ads.` };
    case 'expiring':
      return {
        tone: 'attention',
        words: `Expires on ${view.on}, because no active ad group uses it and nothing changed. Use it in an ad group.`,
      };
    case 'expired':
      return { tone: 'attention', words: 'Expired at TikTok: it cannot be used again.' };
  }
}
