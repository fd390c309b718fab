import { NativeSelect } from '@mantine/core';
import type { ReactNode } from 'react';

/** What the ad account has under an audience's key. */
export type AtAccount =
  | { readonly kind: 'unknown' | 'none' }
  | { readonly kind: 'found'; readonly audienceId: string }
  /** E7: Usher does not guess. */
  | { readonly kind: 'several'; readonly audienceIds: readonly string[] }
  | { readonly kind: 'chosen'; readonly audienceId: string; readonly audienceIds: readonly string[] };

export function placeOf(
  key: string,
  audiences: readonly { readonly label: string; readonly value: string }[] | undefined,
  chosen: string | undefined,
): AtAccount {
  if (audiences === undefined) return { kind: 'unknown' };
  const audienceIds = audiences.filter(({ label }) => label === key).map(({ value }) => value);
  const [first, second] = audienceIds;
  if (first === undefined) return { kind: 'none' };
  if (second === undefined) return { kind: 'found', audienceId: first };
  if (chosen === undefined || !audienceIds.includes(chosen)) return { kind: 'several', audienceIds };
  return { kind: 'chosen', audienceId: chosen, audienceIds };
}

export function nameAt(at: AtAccount, choose: (audienceId: string) => void, key: string): ReactNode {
  switch (at.kind) {
    case 'unknown':
      return '…';
    case 'none':
      return 'Will be created with the first person';
    case 'found':
      return `Found: ID ${at.audienceId}`;
    case 'several':
    case 'chosen':
      return (
        <NativeSelect
          name={`audience-${key}`}
          aria-label={`TikTok audience for ${key}`}
          description={`${at.audienceIds.length} have this name, so Usher does not guess.`}
          value={at.kind === 'chosen' ? at.audienceId : ''}
          data={[{ value: '', label: 'Choose one' }, ...at.audienceIds.map((id) => ({ value: id, label: `ID ${id}` }))]}
          onChange={(event) => choose(event.currentTarget.value)}
        />
      );
  }
}
