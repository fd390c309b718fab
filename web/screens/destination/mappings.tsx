import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { catalogQuery, type Destination } from '../../api/destinations.ts';
import { mappingsQuery, type StoredMapping } from '../../api/mappings.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { useMay } from '../../ui/space.ts';
import { AddAudiences } from './mappings/add-audiences.tsx';
import { Group } from './mappings/group.tsx';
import { groupsOf, isAdd, mappingsMany } from './mappings/mapping-groups.ts';
import classes from './mappings/mappings.module.css';
import { MappingsMeter } from './mappings/meter.tsx';
import { NewMapping } from './mappings/new-mapping.tsx';
import { OnePair } from './mappings/one-pair.tsx';

/** Segment's Mappings tab: what the destination does with which events, one group per audience. */
export function Mappings({ destination }: { destination: Destination }): ReactNode {
  const mappings = useQuery(mappingsQuery(destination.id));
  const max = useQuery(catalogQuery).data?.[0]?.mappingsMax;
  return (
    <Loaded query={mappings} height={240}>
      {(found) => max !== undefined && <List destination={destination} mappings={found} max={max} />}
    </Loaded>
  );
}

function List({
  destination,
  mappings,
  max,
}: {
  destination: Destination;
  mappings: readonly StoredMapping[];
  max: number;
}): ReactNode {
  const may = useMay('editor');
  const [choosing, choice] = useDisclosure(false);
  const [adding, setAdding] = useSearchState('add');
  const [converting, conversion] = useDisclosure(false);
  const convertible = groupsOf(mappings).filter(({ key }) => key !== null).length > 1;
  const add = (
    <Button onClick={choice.open} disabled={!may}>
      New Mapping
    </Button>
  );
  return (
    <>
      <div className={classes['top']}>
        <MappingsMeter used={mappings.length} max={max} />
        {mappings.length > 0 && (
          <div className={classes['buttons']}>
            {convertible && mappings.length >= mappingsMany(max) && (
              <Button variant="default" onClick={conversion.open} disabled={!may}>
                Use one pair for all audiences
              </Button>
            )}
            {mappings.some(isAdd) && (
              <Button variant="default" onClick={() => setAdding('audiences')} disabled={!may}>
                Add another audience
              </Button>
            )}
            {add}
          </div>
        )}
      </div>
      {mappings.length === 0 && (
        <EmptyState says="No mappings. Enabled destinations without one send nothing.">{add}</EmptyState>
      )}
      {groupsOf(mappings).map((group) => (
        <Group key={group.key} group={group} />
      ))}
      <NewMapping
        opened={choosing}
        onClose={choice.close}
        destination={destination}
        max={max}
        full={mappings.length >= max}
        onOnePair={
          convertible && may
            ? () => {
                choice.close();
                conversion.open();
              }
            : undefined
        }
      />
      {converting && <OnePair destination={destination} mappings={mappings} max={max} onClose={conversion.close} />}
      <AddAudiences
        opened={may && adding === 'audiences'}
        onClose={() => setAdding('')}
        destination={destination}
        mappings={mappings}
        max={max}
      />
    </>
  );
}
