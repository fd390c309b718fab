import type { Secret } from '../kernel/secret.ts';
import type { Answer, TikTok } from '../tiktok/tiktok.ts';

import { whyNotFeedable } from './feedable.ts';

/** What a field's picker shows; with an error the user types the value (segment-spec.md 4.5). */
export interface FieldChoices {
  choices: { label: string; value: string }[];
  error?: { code: string; message: string };
}

/**
 * The live choices of a field, given the values chosen so far. Undefined: the field has none. Errors are part of the
 * answer, in the words of the picker.
 */
export async function fieldChoices(
  deps: { tiktok: TikTok },
  destination: { token: Secret | undefined; advertiserIds: readonly string[] },
  field: string,
  chosen: Readonly<Record<string, unknown>>,
): Promise<FieldChoices | undefined> {
  if (advertiserFields.has(field)) return advertiserChoices(deps, destination);
  if (audienceFields.has(field)) return audienceChoices(deps, destination, chosen);
  return undefined;
}

/** As actions and connections spell them (segment-spec.md 7.3 to 7.5). */
const advertiserFields = new Set(['selected_advertiser_id', 'advertiser_id', 'advertiserId']);
const audienceFields = new Set(['audience_id', 'audienceId']);

/** Ad accounts by name; their bare ids, with TikTok's message, where the names cannot be read. */
async function advertiserChoices(
  deps: { tiktok: TikTok },
  destination: { token: Secret | undefined; advertiserIds: readonly string[] },
): Promise<FieldChoices> {
  const bare = destination.advertiserIds.map((id) => ({ label: id, value: id }));
  if (destination.token === undefined) return { choices: bare, error: notConnected };
  if (bare.length === 0) return { choices: [], error: noAccounts };
  const answer = await deps.tiktok.advertisers({ token: destination.token }, [...destination.advertiserIds]);
  if (answer.outcome.kind !== 'ok' || answer.data === undefined) return { choices: bare, error: errorOf(answer) };
  const names = new Map(answer.data.map((advertiser) => [advertiser.advertiserId, advertiser.name]));
  return { choices: bare.map(({ value }) => ({ label: names.get(value) ?? value, value })) };
}

/** Only audiences that can be fed. */
async function audienceChoices(
  deps: { tiktok: TikTok },
  destination: { token: Secret | undefined },
  chosen: Readonly<Record<string, unknown>>,
): Promise<FieldChoices> {
  if (destination.token === undefined) return { choices: [], error: notConnected };
  const advertiserId = chosen['selected_advertiser_id'] ?? chosen['advertiser_id'] ?? chosen['advertiserId'];
  if (typeof advertiserId !== 'string' || advertiserId === '') return { choices: [], error: noAdvertiser };
  const answer = await deps.tiktok.listAudiences({ token: destination.token }, advertiserId);
  if (answer.outcome.kind !== 'ok' || answer.data === undefined) return { choices: [], error: errorOf(answer) };
  const usable = answer.data.filter((audience) => whyNotFeedable(audience) === undefined);
  return { choices: usable.map((audience) => ({ label: audience.name, value: audience.audienceId })) };
}

const notConnected = { code: 'NOT_CONNECTED', message: 'Connect TikTok first, or type the value.' };
const noAccounts = {
  code: 'NO_ADVERTISERS',
  message: 'TikTok named no ad account: connect again and tick the accounts.',
};
/** Segment's words (segment-spec.md 7.4). */
const noAdvertiser = {
  code: 'FIELD_NOT_SELECTED',
  message: 'Please select Advertiser ID first to get list of Audience IDs.',
};

const errorOf = (answer: Answer<unknown>): { code: string; message: string } => ({
  code: answer.code === null ? 'NO_ANSWER' : String(answer.code),
  message: answer.message === '' ? 'TikTok did not answer.' : answer.message,
});
