import { useQueries } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { chainQuery } from '../../api/audit.ts';
import { useOwned, useSpaceNames } from '../../ui/owned.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';

/** Whether the log stands as it was written; each space has a chain of its own, and so has the installation. */
export function Chain({ spaceId }: { spaceId: string | undefined }): ReactNode {
  const { everything, spaces } = useOwned();
  const nameOf = useSpaceNames();
  const all = [...(everything ? [null] : []), ...spaces.map(({ id }) => id)];
  const asked = spaceId === undefined ? all : [spaceId];
  const chains = useQueries({ queries: asked.map((id) => chainQuery(id)) });
  const broken = chains.findIndex(({ data }) => data?.verified === false);
  if (broken >= 0) {
    const place = asked[broken] ?? null;
    return (
      <StatusBadge tone="danger">
        Broken at row {chains[broken]?.data?.firstBroken} of {place === null ? 'the installation' : nameOf(place)}
      </StatusBadge>
    );
  }
  if (chains.some(({ isError }) => isError)) return <StatusBadge tone="attention">Chain not verified</StatusBadge>;
  if (chains.some(({ data }) => data === undefined)) return null;
  return <StatusBadge tone="good">Chain verified</StatusBadge>;
}
