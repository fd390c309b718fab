import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { sourcesQuery } from '../../api/sources.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { Page } from '../../ui/page.tsx';
import { SourceTable } from '../../ui/source-table.tsx';
import { useMay, useSpace } from '../../ui/space.ts';
import { ViewerNote } from '../../ui/viewer-note.tsx';
import { AddSource } from './add-source.tsx';
import { UnknownKeys } from './unknown-keys.tsx';

/** Connections > Sources: where events come from. */
export function Sources(): ReactNode {
  const { id, name } = useSpace();
  const may = useMay('editor');
  const sources = useQuery(sourcesQuery(id));
  const [adding, dialog] = useDisclosure(false);
  const add = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open} disabled={!may}>
      Add source
    </Button>
  );
  return (
    <Page title="Sources" actions={sources.data?.length === 0 ? undefined : add}>
      <ViewerNote />
      <UnknownKeys />
      <Loaded query={sources} height={240}>
        {(found) =>
          found.length === 0 ? (
            <EmptyState
              says={`No sources in ${name} yet.`}
              why="A source has the write key that Segment, a website or a server sends events with."
            >
              {add}
            </EmptyState>
          ) : (
            <SourceTable sources={found} />
          )
        }
      </Loaded>
      <AddSource opened={adding} onClose={dialog.close} />
    </Page>
  );
}
