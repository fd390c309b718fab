import { createRoute, z } from '@hono/zod-openapi';
import { type CodeClass, codeMeaning, codeRows } from '../tiktok/tiktok.ts';
import { forViewers } from './access.ts';
import type { Api } from './http.ts';
import { listOf, refusals } from './shapes.ts';

const errorSchema = z
  .object({
    code: z.int().openapi({ description: 'the first code of the row' }),
    lastCode: z.int(),
    class: z.string(),
    meaning: z.string(),
    usherDoes: z.string(),
    youDo: z.string(),
    /** What pages call the button that mends it. */
    remedy: z.enum(['reconnect', 'check-again', 'show-parked', 'choose-another', 'tiktok-app']).nullable(),
  })
  .openapi('TikTokError');

/** TikTok's codes as Usher takes them, from the table that Usher itself goes by (tiktok-api.md 9, web.md 5.3). */
export function errorCatalog(app: Api): void {
  app.openapi(route, (c) => {
    const data = codeRows.filter((row) => row.class !== 'ok').map(({ from, to }) => errorToJson(from, to));
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });
}

const route = createRoute({
  ...forViewers,
  tags: ['Catalog'],
  method: 'get',
  path: '/api/v1/catalog/errors',
  summary: 'What TikTok’s codes mean, what Usher does about them and what you do',
  responses: { 200: listOf(errorSchema), ...refusals },
});

function errorToJson(from: number, to: number): z.infer<typeof errorSchema> {
  const { class: kind, meaning, advice } = codeMeaning(from);
  return {
    code: from,
    lastCode: to,
    class: kind,
    meaning,
    usherDoes: usherDoes(kind),
    youDo: advice,
    remedy: remedyOf(kind),
  };
}

function usherDoes(kind: CodeClass): string {
  switch (kind) {
    case 'ok':
      return 'Goes on.';
    case 'partial':
      return 'Sends that call once more.';
    case 'throttle':
    case 'throttle-long':
    case 'throttle-advertiser':
      return 'Waits and tries again. Nothing is lost.';
    case 'retry':
      return 'Tries again with growing pauses, for ever.';
    case 'retry-slow':
      return 'Tries again after an hour.';
    case 'timeout':
      return 'Sends it again at once and asserts it once more later.';
    case 'reauth':
      return 'Stops calls and keeps everything that is owed.';
    case 'forbidden':
      return 'Pauses this ad account and keeps everything that is owed.';
    case 'drop':
      return 'Halves the call until the cause stands alone, parks those people and sends the rest.';
    case 'gone':
      return 'Blocks this TikTok audience only and keeps what is owed to it.';
    case 'split':
      return 'Sends smaller calls.';
    case 'config':
      return 'Pauses the destination and keeps everything that is owed.';
  }
}

export function remedyOf(kind: CodeClass): z.infer<typeof errorSchema>['remedy'] {
  switch (kind) {
    case 'reauth':
      return 'reconnect';
    case 'forbidden':
      return 'check-again';
    case 'drop':
      return 'show-parked';
    case 'gone':
      return 'choose-another';
    case 'config':
      return 'tiktok-app';
    case 'ok':
    case 'partial':
    case 'throttle':
    case 'throttle-long':
    case 'throttle-advertiser':
    case 'retry':
    case 'retry-slow':
    case 'timeout':
    case 'split':
      return null;
  }
}
