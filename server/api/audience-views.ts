/** What TikTok says of an audience at the moment somebody asks; each question leaves a row in `requests`. */
import { recordingReads } from '../delivery/delivery.ts';
import { accessToken, type Destination, type Target, whyNotFeedable } from '../destinations/destinations.ts';
import type { AudienceView } from '../tiktok/tiktok.ts';
import { refusal } from './http.ts';
import type { ApiParts } from './parts.ts';

/** TikTok's view of one audience now; undefined where it is not there. */
export async function viewNow(
  parts: ApiParts,
  destination: Destination,
  at: { advertiserId: string; audienceId: string },
): Promise<AudienceView | undefined> {
  const token = await accessToken(parts, destination.id);
  if (token === undefined) throw refusal(409, 'not-connected', 'TikTok is not connected');
  const { spaceId, id: destinationId } = destination;
  const tiktok = recordingReads(parts, { spaceId, destinationId, fence: 0 });
  const answer = await tiktok.getAudiences({ token }, at.advertiserId, [at.audienceId]);
  if (answer.outcome.kind === 'gone') return undefined;
  if (answer.outcome.kind !== 'ok' || answer.data === undefined) {
    throw refusal(503, 'tiktok', `TikTok did not say (${answer.message}); nothing was changed, try again in a moment`);
  }
  return answer.data.find((view) => view.audienceId === at.audienceId);
}

/** The audience of this id, if it can be fed; 422 says why not. */
export async function feedable(
  parts: ApiParts,
  destination: Destination,
  target: Target,
  audienceId: string,
): Promise<AudienceView> {
  const view = await viewNow(parts, destination, { advertiserId: target.advertiserId, audienceId });
  const account = `ad account ${target.advertiserId}`;
  if (!view) throw refusal(422, 'no-audience', `${account} has no audience with this id`, 'audienceId');
  const why = whyNotFeedable(view);
  if (why !== undefined) throw refusal(422, 'not-feedable', `"${view.name}" of ${account} ${why}`, 'audienceId');
  return view;
}
