import { createRoute, z } from '@hono/zod-openapi';
import { idSchema } from '../../contract/ids.ts';
import { recordingReads } from '../delivery/delivery.ts';
import { accessToken } from '../destinations/destinations.ts';
import type { Call, TikTok } from '../tiktok/tiktok.ts';
import { forViewers, permittedDestination } from './access.ts';
import { type Api, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import { conflict, oneOf, refusals } from './shapes.ts';

const accountSchema = z.object({
  advertiserId: z.string(),
  name: z.string().nullable().openapi({ description: 'null: TikTok did not say' }),
  audiences: z
    .enum(['allowed', 'refused', 'unknown'])
    .openapi({ description: 'whether TikTok shows its audiences to this connection now' }),
  code: z.int().nullable().openapi({ description: 'TikTok’s, where it did not show them' }),
});
const tiktokAccountSchema = z
  .object({
    connectedAs: z
      .string()
      .nullable()
      .openapi({ description: 'the person’s name at TikTok; null: TikTok did not say' }),
    accounts: z.array(accountSchema),
  })
  .openapi('TikTokAccount');

/** Asked at TikTok each time: whether a connection still is what it was, is what people want to see after connecting. */
export function tiktokAccount(app: Api, parts: ApiParts): void {
  app.openapi(route, async (c) => {
    const { id, spaceId, advertiserIds } = await permittedDestination(c, parts.db, c.req.valid('param').destinationId);
    const token = await accessToken(parts, id);
    if (token === undefined) throw refusal(409, 'not-connected', 'TikTok is not connected');
    const call = { token };
    const tiktok = recordingReads(parts, { spaceId, destinationId: id, fence: 0 });
    const [person, named, ...accounts] = await Promise.all([
      tiktok.userInfo(call),
      advertiserIds.length === 0 ? undefined : tiktok.advertisers(call, advertiserIds),
      ...advertiserIds.map((advertiserId) => checkAccount(tiktok, call, advertiserId)),
    ]);
    const names = new Map(named?.data?.map(({ advertiserId, name }) => [advertiserId, name]));
    const data = {
      connectedAs: person.data?.displayName ?? null,
      accounts: accounts.map((account) => ({ ...account, name: names.get(account.advertiserId) ?? null })),
    };
    return c.json({ data }, 200);
  });
}

async function checkAccount(
  tiktok: TikTok,
  call: Call,
  advertiserId: string,
): Promise<Omit<z.infer<typeof accountSchema>, 'name'>> {
  const { outcome, code } = await tiktok.listAudiences(call, advertiserId);
  if (outcome.kind === 'ok') return { advertiserId, audiences: 'allowed', code: null };
  const refused = outcome.kind === 'forbidden' || outcome.kind === 'unauthorized';
  return { advertiserId, audiences: refused ? 'refused' : 'unknown', code };
}

const route = createRoute({
  ...forViewers,
  tags: ['Destinations'],
  method: 'get',
  path: '/api/v1/destinations/{destinationId}/tiktok-account',
  summary: 'Who is connected at TikTok, and whether each granted ad account shows its audiences, asked now',
  request: { params: z.object({ destinationId: idSchema('destination') }) },
  responses: { 200: oneOf(tiktokAccountSchema), 409: conflict, ...refusals },
});
