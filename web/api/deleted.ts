/** Deletions that this page asked for, by the id of the API: whether each was done. An id is never given a second time. */
const deletions = new Map<string, Promise<boolean>>();

/** Notes what is being deleted; a refused deletion changes nothing. */
export function isBeingDeleted(id: string, deletion: Promise<unknown>): void {
  deletions.set(
    id,
    deletion.then(
      () => true,
      () => false,
    ),
  );
}

/**
 * The answer of the API about what was deleted here, without asking it: pages and lists that stand a moment longer look
 * again now and then, and a browser writes each 404 down as a fault. Who asks while a deletion is under way waits for it.
 */
export async function answerOfDeleted({ method, url }: Request): Promise<Response | undefined> {
  if (method !== 'GET') return undefined;
  for (const part of new URL(url).pathname.split('/')) {
    if (!(await deletions.get(part))) continue;
    const errors = [{ type: 'not-found', message: 'It was deleted.' }];
    return Response.json({ errors }, { status: 404 });
  }
  return undefined;
}
