import { z } from '@hono/zod-openapi';
import { roles } from '../auth/auth.ts';

/** Shapes that every resource shares (design.md 7). */

export const roleSchema = z.enum(roles);

export const problemsSchema = z
  .object({
    errors: z.array(
      z.object({
        type: z.string(),
        message: z.string(),
        field: z.string().optional(),
        details: z
          .record(z.string(), z.unknown())
          .optional()
          .openapi({ description: 'what the sentence says, for programs' }),
      }),
    ),
  })
  .openapi('Problems');

const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

/** `{"data": …}` */
export const oneOf = <Schema extends z.ZodType>(schema: Schema, description = 'the thing') =>
  json(z.object({ data: schema }), description);

/** `{"data": […], "pagination": {"next", "total"}}` */
export const listOf = <Schema extends z.ZodType>(schema: Schema) =>
  json(
    z.object({
      data: z.array(schema),
      pagination: z.object({ next: z.string().nullable().openapi({ description: 'the next cursor' }), total: z.int() }),
    }),
    'a page of the list',
  );

export const noContent = { description: 'done' };

/** The refusals that every guarded route has in common; the shape is the same for all. */
export const refusals = {
  400: json(problemsSchema, 'something in the request is wrong'),
  401: json(problemsSchema, 'no valid token or session; reauthenticate: the password is asked for again'),
  403: json(problemsSchema, 'the role does not suffice'),
  404: json(problemsSchema, 'there is no such thing, or not for you'),
} as const;
export const conflict = json(problemsSchema, 'not possible as things stand');
export const invalid = json(problemsSchema, 'understood, but wrong');
export const outdated = json(problemsSchema, 'somebody else has saved it since it was read');

export const bodyOf = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true,
  content: { 'application/json': { schema } },
});

/** A page holds 100 things unless told, at most 1,000 (segment-spec.md 10). */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z
    .string()
    .regex(/^[0-9]{1,15}$/, 'must be the `next` of an earlier page')
    .optional(),
});
type PageQuery = z.infer<typeof pageQuery>;

/** One more than asked for, so that the answer knows whether there is a next page. */
export const pageAfter = (query: PageQuery): { after: number; limit: number } => ({
  after: Number(query.cursor ?? 0),
  limit: query.limit + 1,
});

export function toPage<Item extends { id: number }, Shown>(
  query: PageQuery,
  found: { items: Item[]; total: number },
  show: (item: Item) => Shown,
): { data: Shown[]; pagination: { next: string | null; total: number } } {
  const items = found.items.slice(0, query.limit);
  const last = items.at(-1);
  const next = found.items.length > query.limit && last ? String(last.id) : null;
  return { data: items.map(show), pagination: { next, total: found.total } };
}

export const nameSchema = z.string().trim().min(1).max(200);
/** As Segment's slugs: letters, digits, `-`, `_`. */
export const slugSchema = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, - and _');
export const timeSchema = z.iso.datetime();

/** Only what is given: an optional field of a body may also be there as undefined. */
export function definedOf<Body extends object>(body: Body): { [Key in keyof Body]?: Exclude<Body[Key], undefined> } {
  const given = Object.entries(body).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [Key in keyof Body]?: Exclude<Body[Key], undefined> };
}
