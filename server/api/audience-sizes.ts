import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { manage, memberCount, selectHistory } from '../audiences/audiences.ts';
import { days, minutes } from '../kernel/clock.ts';
import { history } from '../ledger/ledger.ts';
import { forViewers, permittedSpace } from './access.ts';
import { type Api, notFound, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import { oneOf, refusals, timeSchema } from './shapes.ts';

const sizesSchema = z
  .object({
    from: timeSchema,
    to: timeSchema,
    members: z.int().openapi({ description: 'now' }),
    sizes: z
      .array(z.object({ time: timeSchema, members: z.int() }))
      .openapi({ description: 'every quarter of an hour; of days before yesterday every hour' }),
    onTikTok: z.array(z.object({ destinationId: z.string(), time: timeSchema, people: z.int() })).openapi({
      description: 'members whom TikTok has accepted, by destination; every five minutes, then every hour',
    }),
  })
  .openapi('AudienceSizes');
/** audiences/history.ts keeps as much. */
const furthest = days(31);

export function audienceSizes(app: Api, parts: ApiParts): void {
  app.openapi(route, async (c) => {
    const place = c.req.valid('param');
    await permittedSpace(c, parts.db, place.spaceId);
    if (!(await manage.getAudience(parts.db, place.spaceId, place.audienceId))) throw notFound();
    const asked = c.req.valid('query');
    const now = parts.clock.now();
    const to = asked.to === undefined ? now + minutes(1) : Date.parse(asked.to);
    const from = asked.from === undefined ? to - days(1) : Date.parse(asked.from);
    if (from >= to) throw refusal(400, 'invalid', 'must be before `to`', 'from');
    if (now - from > furthest + minutes(1)) throw refusal(400, 'invalid', 'must be within the last 31 days', 'from');
    const range = { from: new Date(from), to: new Date(to) };
    const rows = await selectHistory(parts.db, place, range);
    const data = {
      from: range.from.toISOString(),
      to: range.to.toISOString(),
      members: await memberCount(parts.db, place.spaceId, place.audienceId),
      sizes: rows.map(({ at, members }) => ({ time: at.toISOString(), members })),
      onTikTok: (await history.selectOfAudience(parts.db, place, range)).map((row) => ({
        destinationId: idToText('destination', row.destination_id),
        time: row.at.toISOString(),
        people: row.on_tiktok,
      })),
    };
    return c.json({ data }, 200);
  });
}

const route = createRoute({
  ...forViewers,
  tags: ['Audiences'],
  method: 'get',
  path: '/api/v1/spaces/{spaceId}/audiences/{audienceId}/sizes',
  summary: 'How many members an audience had over time, the last day unless asked otherwise',
  request: {
    params: z.object({ spaceId: idSchema('space'), audienceId: idSchema('audience') }),
    query: z.object({ from: timeSchema.optional(), to: timeSchema.optional() }),
  },
  responses: { 200: oneOf(sizesSchema), ...refusals },
});
