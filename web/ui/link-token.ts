import { useState } from 'react';

/**
 * The secret of a one-time link. It stands behind the #, which browsers send to nobody, and leaves the address bar as soon
 * as it is read.
 */
export function useLinkToken(): string {
  const [token] = useState(() => {
    const { hash, search, pathname } = window.location;
    const found =
      new URLSearchParams(hash.slice(1)).get('token') ?? new URLSearchParams(search).get('token') ?? hash.slice(1);
    if (found !== '') window.history.replaceState(window.history.state, '', pathname);
    return found;
  });
  return token;
}
