import { Chip, Group, NativeSelect } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Connection, MemberOutcome } from '../../api/audiences.ts';
import type { Destination } from '../../api/destinations.ts';
import { number, outcomeNames } from '../../ui/format.ts';
import classes from './members.module.css';

interface Connected {
  readonly connection: Connection;
  readonly destination: Destination;
}

/** Chips with their numbers; with several destinations one says where. All of it stands in the address. */
export function MemberFilters({
  connected,
  at,
  chosen,
}: {
  connected: readonly Connected[];
  at: Connected;
  chosen: MemberOutcome | '';
}): ReactNode {
  const navigate = useNavigate();
  const go = (to: { outcome?: string | undefined; at?: string }): void =>
    // Another list begins at its first page.
    void navigate({ to: '.', search: (before) => ({ ...before, after: undefined, ...to }) });
  const { counts } = at.connection.sync;
  return (
    <div className={classes['filters']}>
      {connected.length > 1 && (
        <NativeSelect
          label="At destination"
          value={at.destination.id}
          data={connected.map(({ destination: { id, name } }) => ({ value: id, label: name }))}
          onChange={(event) => go({ at: event.currentTarget.value })}
        />
      )}
      <Chip.Group
        value={chosen}
        onChange={(value) => go({ outcome: value === '' ? undefined : value, at: at.destination.id })}
      >
        <Group gap="xs" role="radiogroup" aria-label="Show">
          <Chip value="" variant="outline">
            All members {number(counts.members)}
          </Chip>
          {(Object.keys(outcomeNames) as MemberOutcome[]).map((outcome) => (
            <Chip key={outcome} value={outcome} variant="outline">
              {outcomeNames[outcome]} {number(counts[outcome])}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </div>
  );
}
