/** What TikTok's answers mean for what comes next (tiktok-api.md 9, the handling column; design.md 4.1). */
import type { TargetId } from '../../contract/ids.ts';
import type { TargetProblem } from '../destinations/destinations.ts';
import type { Answer } from '../tiktok/tiktok.ts';
import { backOff, blockTargets, type DeliveryDeps, pauseRun, type Run, waitKey } from './run.ts';

/** What an answer was about. */
interface Place {
  readonly advertiserId: string;
  readonly targets: readonly { readonly id: TargetId }[];
}

/** What only whoever called can judge: it worked, or what the call spoke of is refused, busy or gone. */
export type ToJudge = 'ok' | 'retry' | 'split' | 'refused' | 'gone';

/** Acts on every answer that means the same whatever was asked; gives the kind of the others, undefined where it acted. */
export async function reactAlike(
  deps: DeliveryDeps,
  run: Run,
  at: Place,
  answer: Answer<unknown>,
): Promise<ToJudge | undefined> {
  const { kind } = answer.outcome;
  switch (kind) {
    case 'ok':
    case 'retry':
    case 'split':
    case 'refused':
    case 'gone':
      return kind;
    case 'throttled':
      break; // Owed still: sent again with the next slot, for which the budget makes everyone wait.
    case 'partial':
    case 'unknown':
    case 'unsent':
      backOff(deps, run, waitKey({ advertiserId: at.advertiserId }), 'fast');
      break;
    case 'unauthorized':
      await pauseRun(deps, run, answer, tokenDead);
      break;
    case 'config':
      await pauseRun(deps, run, answer, appWrong(answer));
      break;
    case 'forbidden':
      await blockTargets(deps, run, at.targets, notAllowed(at.advertiserId, answer));
      break;
  }
  return undefined;
}

const tokenDead =
  'TikTok no longer accepts the access token; connect TikTok again. Everything owed is kept and goes out then.';
const appWrong = (answer: Answer<unknown>): string =>
  `TikTok refuses the app or its settings (${answer.code ?? answer.httpStatus}: ${answer.message}); mend it and connect again`;

interface Why {
  readonly problem: TargetProblem;
  readonly reason: string;
}
const notAllowed = (advertiserId: string, answer: Answer<unknown>): Why => ({
  problem: 'forbidden',
  reason: `no permission for ad account ${advertiserId} (${answer.message}); grant it at TikTok or connect with another account`,
});
export const refusedByTikTok = (answer: Answer<unknown>): Why => ({
  problem: 'refused',
  reason: `TikTok refused: ${answer.message}`,
});
