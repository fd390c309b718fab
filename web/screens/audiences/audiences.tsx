import { Button, Pagination, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Audience, audiencesQuery } from '../../api/audiences.ts';
import { AudienceStatus } from '../../ui/audience-status.tsx';
import { Copyable } from '../../ui/copy.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { number } from '../../ui/format.ts';
import { ButtonLink, TextLink } from '../../ui/links.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { Page } from '../../ui/page.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { useMay, useSpace } from '../../ui/space.ts';
import { Time } from '../../ui/time.tsx';
import { ViewerNote } from '../../ui/viewer-note.tsx';
import classes from './audiences.module.css';
import { DestinationsOf } from './destinations-of.tsx';
import { NewAudience } from './new-audience.tsx';
import { OtherSpaces } from './other-spaces.tsx';

const pageRows = 50;

/** Engage > Audiences. */
export function Audiences(): ReactNode {
  const { id, name } = useSpace();
  const audiences = useQuery(audiencesQuery(id));
  const [creating, { open, close }] = useDisclosure(false);
  const newAudience = <NewAudienceButton onClick={open} />;
  return (
    <Page title={`Audiences in ${name}`} actions={newAudience}>
      <ViewerNote />
      <Loaded query={audiences} height={360}>
        {({ data }) => (data.length === 0 ? <NoAudiences /> : <AudienceTable audiences={data} />)}
      </Loaded>
      <NewAudience opened={creating} onClose={close} />
    </Page>
  );
}

function NewAudienceButton({ onClick }: { onClick: () => void }): ReactNode {
  const may = useMay('editor');
  return (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={onClick} disabled={!may}>
      New audience
    </Button>
  );
}

function AudienceTable({ audiences }: { audiences: readonly Audience[] }): ReactNode {
  const [search, setSearch] = useSearchState('q');
  const [page, setPage] = useSearchState('page', '1', 'push');
  const wanted = search.trim().toLowerCase();
  const found = audiences.filter(({ name, key }) => `${name} ${key}`.toLowerCase().includes(wanted));
  const pages = Math.max(1, Math.ceil(found.length / pageRows));
  const current = Math.min(pages, Number(page) || 1);
  return (
    <>
      <TextInput
        className={classes['search'] ?? ''}
        type="search"
        label="Find an audience"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      {found.length === 0 ? (
        <EmptyState says={`No audience is called “${search}”.`} />
      ) : (
        <DataTable
          label="Audiences"
          columns={columns}
          rows={found.slice((current - 1) * pageRows, current * pageRows)}
          rowKey={({ id }) => id}
        />
      )}
      {pages > 1 && <Pagination mt="md" total={pages} value={current} onChange={(to) => setPage(String(to))} />}
    </>
  );
}

const columns: readonly Column<Audience>[] = [
  { name: 'Name', cell: (audience) => <AudienceLink audience={audience} /> },
  { name: 'Audience Key', cell: ({ key }) => <Copyable text={key} of={`Audience Key ${key}`} /> },
  { name: 'Members', align: 'right', cell: ({ size }) => number(size.count) },
  { name: 'Destinations', cell: (audience) => <DestinationsOf audience={audience} /> },
  { name: 'Status', cell: (audience) => <AudienceStatus audience={audience} /> },
  { name: 'Last change', cell: ({ lastChangeAt }) => (lastChangeAt === null ? '—' : <Time at={lastChangeAt} />) },
];

function AudienceLink({ audience }: { audience: Audience }): ReactNode {
  const params = { space: audience.spaceId, audience: audience.id, tab: undefined };
  return (
    <TextLink to="/spaces/$space/engage/audiences/$audience/{-$tab}" params={params} fw={600}>
      {audience.name}
    </TextLink>
  );
}

function NoAudiences(): ReactNode {
  const { id, name } = useSpace();
  return (
    <EmptyState
      says={`No audiences in ${name} yet.`}
      why="Usher lists an audience when Segment's first Audience Entered event for it arrives."
    >
      <ButtonLink to="/spaces/$space/connections/sources" params={{ space: id }}>
        Send events
      </ButtonLink>
      <OtherSpaces />
    </EmptyState>
  );
}
