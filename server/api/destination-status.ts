import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { type Destination, listDestinations } from '../destinations/destinations.ts';
import { must } from '../kernel/result.ts';
import { forViewers, permittedDestination, permittedSpace } from './access.ts';
import { sumOf } from './delivery.ts';
import { type Facts, readFacts } from './destination-facts.ts';
import { type Line, linesOf, statuses } from './destination-state.ts';
import type { Api } from './http.ts';
import type { ApiParts } from './parts.ts';
import { oneOf, refusals, timeSchema } from './shapes.ts';
import { countsSchema } from './sync-state.ts';

const remedySchema = z.object({ label: z.string(), href: z.string() }).nullable();
const statusSchema = z
  .object({
    status: z.enum(statuses).openapi({ description: 'the first of these that holds' }),
    reason: z.string().openapi({ description: 'for programs' }),
    since: timeSchema,
    message: z.string(),
    kept: z.string().nullable().openapi({ description: 'what is not lost' }),
    remedy: remedySchema,
    counts: countsSchema.openapi({ description: 'members = onTikTok + owed + parked + skipped' }),
    sending: z.object({
      callsPerSecond: z.number().openapi({ description: 'what the TikTok app may call in a second, on average' }),
      rowsPerCall: z.int(),
      limitedBy: z.enum(['tiktok', 'nothing']),
      completesAt: timeSchema.nullable().openapi({ description: 'where changes are owed and calls go out' }),
    }),
  })
  .openapi('DestinationStatus');
const attentionSchema = z
  .object({
    severity: z.enum(['needs-you', 'working']),
    subject: z.string().openapi({ description: 'the destination’s name' }),
    subjectId: z.string(),
    code: z.string(),
    since: timeSchema,
    message: z.string(),
    kept: z.string().nullable(),
    remedy: remedySchema,
  })
  .openapi('Attention');
type Attention = z.infer<typeof attentionSchema>;

/** Home looks at this many destinations; nobody has more in one space. */
const destinationsMost = 100;

export function destinationStatus(app: Api, parts: ApiParts): void {
  app.openapi(statusRoute, async (c) => {
    const destination = await permittedDestination(c, parts.db, c.req.valid('param').destinationId);
    const facts = await readFacts(parts.db, destination);
    const first = must(linesOf(facts, parts.clock)[0], 'a destination does one way or another');
    const { status, code: reason, since, ...line } = first;
    const data = {
      ...line,
      status,
      reason,
      since: since.toISOString(),
      counts: sumOf(facts.audiences.map(({ sync }) => sync.counts)),
      sending: sendingOf(parts, facts, first),
    };
    return c.json({ data }, 200);
  });

  app.openapi(attentionRoute, async (c) => {
    const { id } = await permittedSpace(c, parts.db, c.req.valid('param').spaceId);
    const { items } = await listDestinations(parts.db, id, { after: 0, limit: destinationsMost });
    const lines: Attention[] = [];
    for (const destination of items) {
      const found = linesOf(await readFacts(parts.db, destination), parts.clock);
      lines.push(...found.flatMap((line) => attentionOf(destination, line)));
    }
    const order = (line: Attention): number => (line.severity === 'needs-you' ? 0 : 1);
    lines.sort((a, b) => order(a) - order(b) || a.since.localeCompare(b.since));
    return c.json({ data: lines }, 200);
  });
}

const tags = ['Destinations'];

const statusRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/destinations/{destinationId}/status',
  summary: 'How a destination does, in one sentence, with what mends it, and how fast it sends',
  request: { params: z.object({ destinationId: idSchema('destination') }) },
  responses: { 200: oneOf(statusSchema), ...refusals },
});

const attentionRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/spaces/{spaceId}/attention',
  summary: 'What needs a person in a space, the worst first, and what Usher is working on by itself',
  request: { params: z.object({ spaceId: idSchema('space') }) },
  responses: { 200: oneOf(z.array(attentionSchema)), ...refusals },
});

function sendingOf(
  { callsPerSecond, clock }: Pick<ApiParts, 'callsPerSecond' | 'clock'>,
  facts: Facts,
  line: Line,
): z.infer<typeof statusSchema>['sending'] {
  const rowsPerCall = facts.destination.settings.batchRows;
  const calls = Math.ceil(facts.pointers / rowsPerCall);
  const moving = line.status === 'syncing' || line.status === 'slowed' || line.status === 'healthy';
  const completes = moving && calls > 0 ? clock.now() + (calls / callsPerSecond) * 1_000 : undefined;
  return {
    callsPerSecond,
    rowsPerCall,
    limitedBy: line.status === 'slowed' || calls > callsPerSecond ? 'tiktok' : 'nothing',
    completesAt: completes === undefined ? null : new Date(completes).toISOString(),
  };
}

/** Normal is quiet: what is switched off or not set up yet needs nobody (web.md 8, rule 10). */
function attentionOf(destination: Pick<Destination, 'id' | 'name'>, line: Line): Attention[] {
  const severity = severityOf(line);
  if (severity === undefined) return [];
  const { status: _, since, ...shown } = line;
  const subject = { subject: destination.name, subjectId: idToText('destination', destination.id) };
  return [{ severity, ...subject, ...shown, since: since.toISOString() }];
}

function severityOf({ status }: Line): Attention['severity'] | undefined {
  switch (status) {
    case 'needs-you':
    case 'failing':
      return 'needs-you';
    case 'slowed':
    case 'syncing':
      return 'working';
    case 'setup-not-finished':
    case 'paused':
    case 'healthy':
      return undefined;
  }
}
