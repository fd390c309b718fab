import { useNavigate, useSearch } from '@tanstack/react-router';

/**
 * A piece of a page's state that stands in its address, so that a link shows a colleague the same view. Empty is the same as
 * absent. Typing replaces the entry in the history; what was chosen (a range, a row) may `push`, so that Back undoes it.
 */
export function useSearchState(
  name: string,
  fallback = '',
  how: 'replace' | 'push' = 'replace',
): [string, (value: string) => void] {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = (value: string): void => {
    void navigate({
      to: '.',
      search: (before) => ({ ...before, [name]: value === fallback ? undefined : value }),
      replace: how === 'replace',
    });
  };
  return [search[name] ?? fallback, set];
}
