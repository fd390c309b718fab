import { OpenAPIHono, type z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler, Next } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { From, Principal, Role } from '../auth/auth.ts';
import type { Log } from '../kernel/log.ts';

/** What a route finds in its context. */
export interface ApiEnv {
  Variables: {
    /** Who asks. */
    principal: Principal;
    from: From;
    /** The role that the route needs, and whether a person must have typed the password lately (T8). */
    needs: Role;
    sensitive: boolean;
  };
}
export type Api = OpenAPIHono<ApiEnv>;
/** What the shared helpers need of a route's context, whatever its path and body. */
export type ApiContext = Pick<Context<ApiEnv>, 'get'>;

/** One thing wrong with a request; `field` is the path of the input it is about. */
export interface ProblemItem {
  type: string;
  message: string;
  field?: string | undefined;
  /** Numbers and names that the sentence is made of, for programs. */
  details?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * A request that is refused. Thrown, although expected, because it has to end a transaction from any depth of a route;
 * nothing outside of server/api sees it.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: ContentfulStatusCode;
  readonly problems: readonly ProblemItem[];
  constructor(status: ContentfulStatusCode, problems: readonly ProblemItem[]) {
    super(problems.map((problem) => problem.message).join('; '));
    this.status = status;
    this.problems = problems;
  }
}

export const refusal = (status: ContentfulStatusCode, type: string, message: string, field?: string): Refusal =>
  new Refusal(status, [field === undefined ? { type, message } : { type, message, field }]);

/** Unknown and foreign ids are answered alike (I11). */
export const notFound = (): Refusal => refusal(404, 'not-found', 'there is no such thing');

/** Room for a mapping with long templates or a pasted event; events themselves come in elsewhere. */
const bodyBytesMax = 1_000_000;

/** What became of the request when the database was away, by the name of the error (db/port.ts). */
const unavailableMessages: ReadonlyMap<string, string> = new Map([
  ['DatabaseUnavailable', 'the database does not answer; nothing was changed, try again in a moment'],
  ['CommitUnknown', 'the database went away in the middle; look whether the change is there before you make it again'],
]);

/** An app that answers every refusal and every failure in the one shape, without saying more than that. */
export function createHttpApp(log: Log): Api {
  const app: Api = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw new Refusal(400, result.error.issues.map(issueToProblem));
    },
  });
  app.onError((error, c) => {
    if (error instanceof Refusal) return c.json({ errors: error.problems }, error.status);
    if (error instanceof HTTPException) {
      return c.json({ errors: [{ type: 'request', message: error.message }] }, error.status);
    }
    const unavailable = unavailableMessages.get(error.name);
    if (unavailable !== undefined) {
      log.warn('the database did not answer', { path: c.req.routePath });
      return c.json({ errors: [{ type: 'unavailable', message: unavailable }] }, 503, { 'retry-after': '5' });
    }
    // The route's pattern, not its path: an id says nothing, but a path may hold whatever somebody typed (I13).
    log.error('a request failed', { method: c.req.method, path: c.req.routePath, error });
    return c.json({ errors: [{ type: 'internal', message: 'something went wrong here; the log says what' }] }, 500);
  });
  app.notFound((c) => c.json({ errors: notFound().problems }, 404));
  return app;
}

/** T16: nothing the API says may be stored, framed, sniffed or named in a referrer. */
export const apiHeaders =
  (publicUrl: string): MiddlewareHandler =>
  async (c: Context, next: Next) => {
    await next();
    c.header('cache-control', 'no-store');
    c.header(
      'content-security-policy',
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    secureHeaders(c, publicUrl);
  };

/** What every answer to a browser carries; HSTS only where there is TLS to insist on: two years, as its preload list asks. */
export function secureHeaders(c: Context, publicUrl: string): void {
  c.header('referrer-policy', 'no-referrer');
  c.header('x-content-type-options', 'nosniff');
  c.header('x-frame-options', 'DENY');
  c.header('cross-origin-opener-policy', 'same-origin');
  if (publicUrl.startsWith('https:')) c.header('strict-transport-security', 'max-age=63072000; includeSubDomains');
}

/** Node enforces content-length, so it may be believed; only chunked bodies need the slow middleware (stack.md 3). */
export function limitBody(): MiddlewareHandler {
  const slow = bodyLimit({ maxSize: bodyBytesMax, onError: () => tooLarge() });
  return async (c, next) => {
    const length = c.req.header('content-length');
    if (length !== undefined && Number(length) > bodyBytesMax) tooLarge();
    return length === undefined ? slow(c, next) : next();
  };
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** T5: a form of another site can send a body, but not as JSON. */
export const onlyJson: MiddlewareHandler = async (c: Context, next: Next) => {
  const unsafe = !safeMethods.has(c.req.method);
  const hasBody = (c.req.header('content-length') ?? '0') !== '0' || c.req.header('transfer-encoding') !== undefined;
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  const json = type === 'application/json' || (type === undefined && !hasBody);
  if (unsafe && !json) throw refusal(415, 'content-type', 'send the body as application/json');
  await next();
};

/**
 * T5: a browser sends the session cookie by itself, so what it sends along must come from a page of ours. A request with a
 * token proves itself; one with neither cookie nor a browser's headers has nothing to abuse.
 */
export function onlyOwnPages(publicUrl: string): MiddlewareHandler {
  const ours = new URL(publicUrl).origin;
  return async (c, next) => {
    if (!safeMethods.has(c.req.method) && c.req.header('authorization') === undefined) {
      const origin = c.req.header('origin');
      const site = c.req.header('sec-fetch-site');
      const byBrowser = origin !== undefined || site !== undefined || c.req.header('cookie') !== undefined;
      // Reached under another of its own names (localhost), the page and the server still share one.
      const sameHost = origin !== undefined && URL.canParse(origin) && new URL(origin).host === c.req.header('host');
      const known = origin === ours || sameHost;
      if (byBrowser && !(known && (site === undefined || site === 'same-origin')))
        throw refusal(403, 'foreign-page', 'only the pages of Usher itself may do this');
    }
    await next();
  };
}

function tooLarge(): never {
  throw refusal(413, 'too-large', `a body may have at most ${bodyBytesMax} bytes`);
}

function issueToProblem(issue: z.core.$ZodIssue): ProblemItem {
  return { type: issue.code, message: issue.message, field: issue.path.join('.') };
}
