import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { createWriteKey, revokeWriteKey, type Source, type WriteKey } from '../../api/sources.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { Copyable } from '../../ui/copy.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { useRefresh } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { RequestProblem } from '../../ui/problem.tsx';
import { rememberShownOnce, useShownOnce } from '../../ui/shown-once.ts';
import { hasPublicKeys } from '../../ui/source-kinds.ts';
import { useMay } from '../../ui/space.ts';
import { Time } from '../../ui/time.tsx';

/** Public keys can be read again; secret ones are shown once, then by their first characters. */
export function WriteKeys({ source }: { source: Source }): ReactNode {
  const may = useMay('editor');
  const refresh = useRefresh();
  const [failure, setFailure] = useState<unknown>(null);
  const [revoked, setRevoked] = useState<WriteKey>();
  const add = async (): Promise<void> => {
    setFailure(null);
    try {
      const { id, key } = await createWriteKey(source.id);
      if (key !== null) rememberShownOnce(id, key);
      await refresh();
    } catch (error) {
      setFailure(error);
    }
  };
  const columns: readonly Column<WriteKey>[] = [
    { name: 'Key', cell: (key) => <KeyText writeKey={key} /> },
    { name: 'Made', cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      name: 'Actions',
      nameHidden: true,
      align: 'right',
      cell: (key) => (
        <Button size="compact-sm" variant="default" disabled={!may} onClick={() => setRevoked(key)}>
          Revoke
        </Button>
      ),
    },
  ];
  return (
    <Section
      title="Write keys"
      lead={
        hasPublicKeys(source.kind)
          ? 'Everybody can read these keys in the page, so they move nobody into an audience.'
          : 'Secret: shown once when they are made.'
      }
      actions={
        <Button variant="default" disabled={!may} onClick={() => void add()}>
          Add key
        </Button>
      }
    >
      {failure !== null && <RequestProblem error={failure} kept="The keys are as they were." />}
      <DataTable label="Write keys" columns={columns} rows={source.writeKeys} rowKey={({ id }) => id} />
      <Confirm
        opened={revoked !== undefined}
        onClose={() => setRevoked(undefined)}
        title={`Revoke the key ${revoked?.prefix ?? ''}…?`}
        action="Revoke key"
        danger
        act={async () => {
          if (revoked) await revokeWriteKey(source.id, revoked.id);
          await refresh();
          setRevoked(undefined);
        }}
      >
        <p>Events with this key are dropped within 5 s; clients still get 200, as at Segment.</p>
      </Confirm>
    </Section>
  );
}

function KeyText({ writeKey }: { writeKey: WriteKey }): ReactNode {
  const shownOnce = useShownOnce(writeKey.id);
  const plain = writeKey.key ?? shownOnce;
  if (plain === undefined) return <code>{writeKey.prefix}…</code>;
  return (
    <>
      <Copyable text={plain} of="write key" />
      {writeKey.key === null && <div>Shown once. Copy it now.</div>}
    </>
  );
}
