import { useQueries, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { audiencesQuery, connectionsQuery } from '../../../api/audiences.ts';
import type { Destination } from '../../../api/destinations.ts';
import { convertToOnePair, makesRoom, type OldPair, sharedSettings } from '../../../api/mapping-pairs.ts';
import type { StoredMapping } from '../../../api/mappings.ts';
import { Confirm } from '../../../ui/confirm.tsx';
import { count, people } from '../../../ui/format.ts';
import { useRefresh } from '../../../ui/loaded.tsx';
import { Problem } from '../../../ui/problem.tsx';
import { confirmed } from '../../../ui/toast.ts';
import { groupsOf } from './mapping-groups.ts';

/** **Use one pair for all audiences**: two mappings instead of two for each audience, with the same TikTok audiences. */
export function OnePair({
  destination,
  mappings,
  max,
  onClose,
}: {
  destination: Destination;
  mappings: readonly StoredMapping[];
  max: number;
  onClose: () => void;
}): ReactNode {
  const room = max - mappings.length;
  const refresh = useRefresh();
  const { old, left, ready } = usePairs(destination, mappings);
  const first = makesRoom(old, room);
  const [stopped, setStopped] = useState(0);
  const convert = async (): Promise<void> => {
    const wouldSend = await convertToOnePair(destination.id, mappings, old, room);
    await refresh();
    setStopped(wouldSend);
    if (wouldSend > 0) return;
    confirmed(`${count(old.length, 'audience')} now share one pair.`);
    onClose();
  };
  return (
    <Confirm
      opened
      onClose={onClose}
      title="Use one pair for all audiences?"
      action="Use one pair"
      possible={ready && old.length > 0}
      act={convert}
    >
      <p role="status">
        {!ready
          ? 'Reading the connections …'
          : `Makes Add to Audience and Remove from Audience, moves the Advertiser ID of ${count(old.length, 'pair')} onto the connections, and turns those pairs off. No person is sent again: TikTok audiences stay the same.`}
      </p>
      {ready && left.length > 0 && (
        <p>Left as they are, because their fields, trigger or connection differ: {left.join(', ')}.</p>
      )}
      {ready && first && (
        <p>
          There is no room for two more mappings, so {first.add.name} and its other half are deleted first;{' '}
          {people(first.members)} of it {first.members === 1 ? 'is' : 'are'} sent once more.
        </p>
      )}
      {stopped > 0 && (
        <Problem
          happened={`One pair would send ${people(stopped)} again, so the old pairs stay on.`}
          kept="The connections know their Advertiser ID now; nothing else was changed."
        />
      )}
      <p>The pairs that are off still count; delete them when you are content.</p>
    </Confirm>
  );
}

/** Pairs that differ in nothing but their audience, and the keys of all others. */
function usePairs(destination: Destination, mappings: readonly StoredMapping[]) {
  const { spaceId, id: destinationId } = destination;
  const audiences = useQuery(audiencesQuery(spaceId)).data?.data;
  const groups = groupsOf(mappings).flatMap(({ key, mappings: own }) => {
    const add = own.find(({ actionSlug, enabled }) => actionSlug === 'addUser' && enabled);
    return key !== null && add ? [{ key, add, own }] : [];
  });
  const ids = groups.map(({ key }) => audiences?.find((one) => one.key === key)?.id ?? '');
  const lists = useQueries({
    queries: ids.map((id) => ({
      ...connectionsQuery(spaceId, id),
      enabled: id !== '',
      refetchInterval: false as const,
    })),
  });
  const ready = audiences !== undefined && lists.every(({ data }, at) => data !== undefined || ids[at] === '');
  const model = groups[0];
  const old: OldPair[] = [];
  const left: string[] = [];
  for (const [at, { key, add, own }] of groups.entries()) {
    const connection = lists[at]?.data?.find((one) => one.destinationId === destinationId);
    const alike = model && add.trigger === usualTrigger && same(add, model.add);
    if (!alike || connection === undefined) left.push(key);
    else {
      const remove = own.find(({ actionSlug, enabled }) => actionSlug === 'removeUser' && enabled);
      const place = { spaceId, audienceId: connection.audienceId, destinationId };
      old.push({
        add,
        remove,
        place,
        connectionSettings: connection.settings,
        members: connection.sync.counts.members,
      });
    }
  }
  return { old, left, ready };
}

const usualTrigger = 'event = "Audience Entered"';
const same = (one: StoredMapping, other: StoredMapping): boolean =>
  JSON.stringify(Object.entries(sharedSettings(one)).sort()) ===
  JSON.stringify(Object.entries(sharedSettings(other)).sort());
