import type { AudienceView } from '../tiktok/tiktok.ts';

/**
 * Why an audience cannot be fed through the streaming API, or undefined: only type Partner can (segment-spec.md 7.1),
 * and only by the account that owns it. The words go on after the audience's name.
 */
export function whyNotFeedable(audience: AudienceView): string | undefined {
  if (audience.type !== 'Partner') {
    return `is of type ${audience.type}; only audiences of type Partner, made through TikTok’s API, can be fed`;
  }
  return audience.isCreator ? undefined : 'belongs to another ad account that shares it; only its owner can feed it';
}
