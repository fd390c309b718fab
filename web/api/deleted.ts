const deleted = new Set<string>();

/** Notes what was deleted from this page, by the id of the API; an id is never given a second time. */
export function wasDeleted(id: string): void {
  deleted.add(id);
}

/**
 * The answer of the API about what was deleted here, without asking it: pages and lists that stand a moment longer look
 * again now and then, and a browser writes each 404 down as a fault.
 */
export function answerOfDeleted({ method, url }: Request): Response | undefined {
  if (method !== 'GET' || !new URL(url).pathname.split('/').some((part) => deleted.has(part))) return undefined;
  const errors = [{ type: 'not-found', message: 'It was deleted.' }];
  return Response.json({ errors }, { status: 404 });
}
