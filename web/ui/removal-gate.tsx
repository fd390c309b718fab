import { TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { ApiError } from '../api/errors.ts';
import { people } from './format.ts';
import { Problem } from './problem.tsx';

/**
 * The gate before mass removal: the first try is refused with a number, the second one says it. A dialog calls `pass` with
 * what it does, shows `question`, and is possible while `answered`.
 */
export function useRemovalGate(): {
  readonly pass: (act: (confirmRemovals?: number) => Promise<void>) => Promise<boolean>;
  readonly question: ReactNode;
  readonly answered: boolean;
} {
  const [stopped, setStopped] = useState<number>();
  const [typed, setTyped] = useState('');
  const answered = stopped === undefined || typed.replaceAll(/\D/g, '') === String(stopped);
  return {
    answered,
    async pass(act) {
      try {
        await act(stopped);
        return true;
      } catch (error) {
        const removals = removalsIn(error);
        if (removals === undefined) throw error;
        setTyped('');
        setStopped(removals);
        return false;
      }
    },
    question: stopped !== undefined && (
      <>
        <Problem
          level="attention"
          happened={`This takes ${people(stopped)} off TikTok.`}
          kept="Nothing was changed yet."
          next="So many at once are only removed when somebody types the number."
        />
        <TextInput
          label={`Type ${stopped} to confirm`}
          inputMode="numeric"
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      </>
    ),
  };
}

function removalsIn(error: unknown): number | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const removals = error.problems.find(({ type }) => type === 'mass-removal')?.details?.['confirmRemovals'];
  return typeof removals === 'number' ? removals : undefined;
}
