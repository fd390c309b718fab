import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { changePreferences, meQuery } from '../api/session.ts';

/** Something remembered for the person, on every device: a switch, a closed bar. Off at first. */
export function usePreference(name: string): [boolean, (on: boolean) => void] {
  const queries = useQueryClient();
  const { data: me } = useQuery(meQuery);
  const change = useMutation({
    mutationFn: (value: boolean) => changePreferences({ [name]: value }),
    // Shown at once: a switch that waits for an answer feels broken, and nothing hangs on it.
    onMutate: (value) =>
      queries.setQueryData(
        meQuery.queryKey,
        (old) =>
          old && {
            ...old,
            user: old.user && { ...old.user, preferences: { ...old.user.preferences, [name]: value } },
          },
      ),
  });
  return [me?.user?.preferences[name] === true, change.mutate];
}
