import { Tabs } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Destination } from '../../api/destinations.ts';
import { useSearchState } from '../../ui/search-state.ts';
import { Calls } from './calls.tsx';
import { Errors } from './errors.tsx';
import { ParkedPeople } from './parked.tsx';
import { Pipeline } from './pipeline.tsx';

const parts = [
  { value: 'pipeline', name: 'Pipeline', Part: Pipeline },
  { value: 'errors', name: 'Errors', Part: Errors },
  { value: 'calls', name: 'Calls', Part: Calls },
  { value: 'parked', name: 'Parked', Part: ParkedPeople },
] as const;

/** What became of the people that this destination was told of. */
export function EventDelivery({ destination }: { destination: Destination }): ReactNode {
  const [chosen, choose] = useSearchState('view', 'pipeline', 'push');
  const { value, Part } = parts.find((part) => part.value === chosen) ?? parts[0];
  return (
    <Tabs value={value} onChange={(to) => choose(to ?? '')} variant="outline" activateTabWithKeyboard={false}>
      <Tabs.List aria-label="Event Delivery" mb="md">
        {parts.map((part) => (
          <Tabs.Tab key={part.value} value={part.value}>
            {part.name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={value}>
        <Part destination={destination} />
      </Tabs.Panel>
    </Tabs>
  );
}
