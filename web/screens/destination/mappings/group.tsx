import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { catalogQuery } from '../../../api/destinations.ts';
import { createCounterpart, type StoredMapping } from '../../../api/mappings.ts';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { TextLink } from '../../../ui/links.tsx';
import { useRefresh } from '../../../ui/loaded.tsx';
import { MappingSwitch } from '../../../ui/mapping-switch.tsx';
import { Problem, wordsOf } from '../../../ui/problem.tsx';
import { useMay, useSpace } from '../../../ui/space.ts';
import { Time } from '../../../ui/time.tsx';
import { confirmed } from '../../../ui/toast.ts';
import type { MappingGroup } from './mapping-groups.ts';
import classes from './mappings.module.css';

/** The mappings of one audience; a bracket joins what belongs together. */
export function Group({ group }: { group: MappingGroup }): ReactNode {
  const title = group.key ?? 'All audiences';
  return (
    <section className={classes['group']} aria-label={title}>
      <h2 className={group.key === null ? undefined : 'mono'}>{title}</h2>
      <div className={group.mappings.length > 1 ? classes['pair'] : undefined}>
        <DataTable label={`Mappings of ${title}`} columns={columns} rows={group.mappings} rowKey={({ id }) => id} />
      </div>
      {group.lone !== undefined && <Lone mapping={group.lone} audience={group.key ?? 'these audiences'} />}
    </section>
  );
}

const columns: readonly Column<StoredMapping>[] = [
  { name: 'Mapping', cell: (mapping) => <NameLink mapping={mapping} /> },
  { name: 'Action', cell: ({ actionSlug }) => <ActionName slug={actionSlug} /> },
  { name: 'Trigger', cell: ({ trigger }) => <code>{trigger}</code> },
  { name: 'Changed', cell: ({ updatedAt }) => <Time at={updatedAt} /> },
  { name: 'Enabled', cell: (mapping) => <MappingSwitch mapping={mapping} /> },
];

function NameLink({ mapping }: { mapping: StoredMapping }): ReactNode {
  const { id: space } = useSpace();
  return (
    <TextLink
      fw={600}
      to="/spaces/$space/connections/destinations/$destination/mappings/$mapping"
      params={{ space, destination: mapping.destinationId, mapping: mapping.id }}
      search={({ audience }) => ({ audience })}
    >
      {mapping.name}
    </TextLink>
  );
}

function ActionName({ slug }: { slug: string }): ReactNode {
  const actions = useQuery(catalogQuery).data?.flatMap((entry) => entry.actions);
  return actions?.find((action) => action.slug === slug)?.name ?? slug;
}

/** Trap 3 of the set-up: the second half of a pair is forgotten, and nobody ever leaves. */
function Lone({ mapping, audience }: { mapping: StoredMapping; audience: string }): ReactNode {
  const may = useMay('editor');
  const refresh = useRefresh();
  const [error, setError] = useState<unknown>(null);
  const name = mapping.actionSlug === 'addUser' ? 'Remove Users' : 'Remove from Audience';
  const create = async (): Promise<void> => {
    try {
      await createCounterpart({ destinationId: mapping.destinationId, subscriptionId: mapping.id });
      await refresh();
      confirmed(`${name} created.`);
    } catch (failed) {
      setError(failed);
    }
  };
  return (
    <div className={classes['lone']}>
      <Problem
        level="attention"
        happened={`Nobody ever leaves ${audience} on TikTok.`}
        kept={error === null ? 'Adding goes on; a second mapping takes out who leaves.' : wordsOf(error)}
        next={
          <Button size="xs" variant="default" disabled={!may} onClick={() => void create()}>
            {`Create ${name}`}
          </Button>
        }
      />
    </div>
  );
}
