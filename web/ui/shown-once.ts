import { store } from '../api/store.ts';

/**
 * Secrets that the API shows once, by the id of what they open: a write key, a token. Kept for as long as the page is open
 * and nowhere else, so that moving between tabs does not lose them.
 */
const secrets = store<ReadonlyMap<string, string>>(new Map());

export function rememberShownOnce(id: string, secret: string): void {
  secrets.set(new Map(secrets.get()).set(id, secret));
}

export const useShownOnce = (id: string): string | undefined => secrets.use().get(id);
