import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { type Begun, type From, sessionLife } from '../auth/auth.ts';
import type { ApiEnv } from './http.ts';
import type { ApiParts } from './parts.ts';

/** Where a request came from. The socket's address: what a header says, anybody can say (T15). */
export function fromOf(c: Context): From {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
  return {
    address: env?.incoming?.socket?.remoteAddress ?? '',
    userAgent: c.req.header('user-agent') ?? '',
  };
}

const isHttps = ({ publicUrl }: Pick<ApiParts, 'publicUrl'>): boolean => publicUrl.startsWith('https:');

/** T5: over https the name itself forbids other hosts and paths to set the cookie. */
const cookieName = 'usher';

export const readSessionCookie = (c: Context<ApiEnv>, parts: Pick<ApiParts, 'publicUrl'>): string | undefined =>
  (isHttps(parts) ? getCookie(c, cookieName, 'host') : getCookie(c, cookieName)) || undefined;

export function setSessionCookie(c: Context<ApiEnv>, parts: Pick<ApiParts, 'publicUrl'>, begun: Begun): void {
  writeCookie(c, parts, { value: begun.cookie.reveal(), maxAge: sessionLife / 1_000 });
}

export const clearSessionCookie = (c: Context<ApiEnv>, parts: Pick<ApiParts, 'publicUrl'>): void =>
  writeCookie(c, parts, { value: '', maxAge: 0 });

function writeCookie(
  c: Context<ApiEnv>,
  parts: Pick<ApiParts, 'publicUrl'>,
  { value, maxAge }: { value: string; maxAge: number },
): void {
  const options = { httpOnly: true, sameSite: 'Lax', path: '/', maxAge } as const;
  if (isHttps(parts)) setCookie(c, cookieName, value, { ...options, secure: true, prefix: 'host' });
  else setCookie(c, cookieName, value, options);
}
