import { Button, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type AuditEvent, type AuditFilter, auditQuery, wholeAudit } from '../../api/audit.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { saveFile } from '../../ui/download.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { OwnersOnly, useOwned, useSpaceNames } from '../../ui/owned.tsx';
import { Page } from '../../ui/page.tsx';
import { RequestProblem } from '../../ui/problem.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { Time } from '../../ui/time.tsx';
import { actionName } from './actions.ts';
import { Chain } from './chain.tsx';
import { auditCsv } from './csv.ts';
import { Details } from './details.tsx';
import { Filters } from './filters.tsx';

/** Who changed what; for owners. */
export function Audit(): ReactNode {
  const filter = useFilter();
  const { everything, spaces } = useOwned();
  const may = everything || spaces.length > 0;
  return (
    <Page
      title="Audit"
      aside={may && <Chain spaceId={filter.spaceId} />}
      actions={<Download filter={filter} may={may} />}
    >
      <OwnersOnly what="the audit log">
        <Filters />
        <Entries filter={filter} />
      </OwnersOnly>
    </Page>
  );
}

function useFilter(): AuditFilter {
  const [spaceId] = useSearchState('space');
  const [actor] = useSearchState('who');
  const [action] = useSearchState('what');
  const [subject] = useSearchState('object');
  const given = Object.entries({ spaceId, actor, action, subject }).filter(([, value]) => value !== '');
  return Object.fromEntries(given);
}

function Entries({ filter }: { filter: AuditFilter }): ReactNode {
  const [cursor, setCursor] = useSearchState('after', '', 'push');
  const nameOf = useSpaceNames();
  const columns: readonly Column<AuditEvent>[] = [
    { name: 'When', cell: ({ at }) => <Time at={at} /> },
    { name: 'Who', cell: ({ actor, actorName }) => actorName ?? actor },
    { name: 'What', cell: ({ action }) => actionName(action) },
    { name: 'Object', cell: ({ subject }) => <code>{subject}</code> },
    { name: 'Space', cell: ({ spaceId }) => (spaceId === null ? '—' : nameOf(spaceId)) },
    { name: 'Before → after', cell: ({ details }) => <Details details={details} /> },
    { name: 'From', cell: ({ address }) => address || '—' },
  ];
  return (
    <Loaded query={useQuery(auditQuery(filter, cursor))} height={600}>
      {({ data, pagination }) =>
        data.length === 0 ? (
          <EmptyState says="Nothing was recorded that fits." why="Every change by a person or a token is recorded." />
        ) : (
          <>
            <DataTable label="Audit" columns={columns} rows={data} rowKey={({ id }) => id} />
            <Group mt="md" gap="xs">
              <Button variant="default" disabled={cursor === ''} onClick={() => setCursor('')}>
                First page
              </Button>
              <Button
                variant="default"
                disabled={pagination.next === null}
                onClick={() => setCursor(pagination.next ?? '')}
              >
                Next page
              </Button>
            </Group>
          </>
        )
      }
    </Loaded>
  );
}

function Download({ filter, may }: { filter: AuditFilter; may: boolean }): ReactNode {
  const [reading, setReading] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const download = async (): Promise<void> => {
    setReading(true);
    setFailure(null);
    try {
      saveFile('usher-audit.csv', 'text/csv', auditCsv(await wholeAudit(filter)));
    } catch (error) {
      setFailure(error);
    } finally {
      setReading(false);
    }
  };
  return (
    <>
      <Button variant="default" loading={reading} disabled={!may} onClick={() => void download()}>
        Download CSV
      </Button>
      {failure !== null && <RequestProblem error={failure} kept="Nothing was saved on this computer." />}
    </>
  );
}
