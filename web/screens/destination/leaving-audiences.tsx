import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { Destination } from '../../api/destinations.ts';
import { giveUpTarget, keptQuery, leavingQuery, removeKept } from '../../api/targets.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { count, number, people } from '../../ui/format.ts';
import { useRefresh } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { useRemovalGate } from '../../ui/removal-gate.tsx';
import { useMay } from '../../ui/space.ts';
import { confirmed } from '../../ui/toast.ts';

interface Row {
  readonly targetId: string;
  readonly name: string;
  readonly advertiserId: string;
  readonly owed: number;
  readonly kept: number;
  readonly leaving: boolean;
}
type Asked = { readonly what: 'give up' | 'remove'; readonly row: Row };

/** What nothing feeds any more, and who stayed at TikTok on purpose; absent where there is neither. */
export function LeavingAudiences({ destination }: { destination: Destination }): ReactNode {
  const leaving = useQuery(leavingQuery(destination.id)).data ?? [];
  const kept = useQuery(keptQuery(destination.id)).data ?? [];
  const [asked, setAsked] = useState<Asked>();
  const may = useMay('owner');
  const rows = new Map<string, Row>();
  for (const { target, owed } of leaving)
    rows.set(target.id, {
      targetId: target.id,
      name: target.name ?? target.tiktokId ?? '',
      advertiserId: target.advertiserId,
      owed,
      kept: 0,
      leaving: true,
    });
  for (const { targetId, audience, advertiserId, people: staying } of kept) {
    const row = rows.get(targetId) ?? { targetId, name: audience, advertiserId, owed: 0, kept: 0, leaving: false };
    rows.set(targetId, { ...row, kept: row.kept + staying });
  }
  if (rows.size === 0) return null;
  const actions: Column<Row> = {
    name: 'Actions',
    nameHidden: true,
    align: 'right',
    cell: (row) => (
      <>
        {row.leaving && row.owed > 0 && (
          <Button size="xs" variant="default" disabled={!may} onClick={() => setAsked({ what: 'give up', row })}>
            Give up
          </Button>
        )}
        {row.kept > 0 && (
          <Button size="xs" variant="default" disabled={!may} onClick={() => setAsked({ what: 'remove', row })}>
            Take them off TikTok
          </Button>
        )}
      </>
    ),
  };
  return (
    <Section
      title="Left behind"
      lead="TikTok audiences that nothing feeds any more while people are still removed, and people who stayed there on purpose."
    >
      <DataTable
        label="Left behind"
        columns={[...columns, actions]}
        rows={[...rows.values()]}
        rowKey={({ targetId }) => targetId}
      />
      {asked?.what === 'give up' && (
        <GiveUp destination={destination} row={asked.row} onClose={() => setAsked(undefined)} />
      )}
      {asked?.what === 'remove' && (
        <RemoveKept destination={destination} row={asked.row} onClose={() => setAsked(undefined)} />
      )}
    </Section>
  );
}

const columns: readonly Column<Row>[] = [
  { name: 'TikTok audience', cell: ({ name }) => name },
  { name: 'Advertiser ID', cell: ({ advertiserId }) => <code>{advertiserId}</code> },
  { name: 'Still to be removed', align: 'right', cell: ({ owed }) => number(owed) },
  { name: 'Kept there', align: 'right', cell: ({ kept }) => number(kept) },
];

interface DialogProps {
  readonly destination: Destination;
  readonly row: Row;
  readonly onClose: () => void;
}

function GiveUp({ destination, row, onClose }: DialogProps): ReactNode {
  const refresh = useRefresh();
  return (
    <Confirm
      opened
      onClose={onClose}
      title={`Give up removing from ${row.name}?`}
      action="Give up"
      danger
      act={async () => {
        const { stayed } = await giveUpTarget({ destinationId: destination.id, targetId: row.targetId });
        await refresh();
        onClose();
        confirmed(`${people(stayed)} stay on TikTok.`);
      }}
    >
      <p>
        {count(row.owed, 'removal')} that TikTok has not accepted yet will not be sent. Usher remembers who stayed, so
        that they can be removed later.
      </p>
    </Confirm>
  );
}

function RemoveKept({ destination, row, onClose }: DialogProps): ReactNode {
  const refresh = useRefresh();
  const gate = useRemovalGate();
  return (
    <Confirm
      opened
      onClose={onClose}
      title={`Take the kept people off ${row.name}?`}
      action="Take them off TikTok"
      danger
      possible={gate.answered}
      act={async () => {
        if (!(await gate.pass((removals) => removeKept(destination.id, row.targetId, removals)))) return;
        await refresh();
        onClose();
      }}
    >
      <p>{people(row.kept)} leave this TikTok audience, unless something else still holds them there.</p>
      {gate.question}
    </Confirm>
  );
}
