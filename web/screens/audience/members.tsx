import { Button, Group, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Audience, type Member, membersQuery } from '../../api/audiences.ts';
import { findPeople, type Person } from '../../api/people.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Form, SaveButton } from '../../ui/form.tsx';
import { count } from '../../ui/format.ts';
import { Identifiers } from '../../ui/identifiers.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { Time } from '../../ui/time.tsx';
import classes from './members.module.css';

/** Who is in the audience now, fifty at a time; a person is found by typing the whole identifier. */
export function Members({ audience }: { audience: Audience }): ReactNode {
  return (
    <>
      <FindPerson audience={audience} />
      <MemberPages audience={audience} />
    </>
  );
}

function MemberPages({ audience }: { audience: Audience }): ReactNode {
  const [cursor, setCursor] = useSearchState('after', '', 'push');
  const members = useQuery(membersQuery(audience.spaceId, audience.id, cursor));
  return (
    <Loaded query={members} height={400}>
      {({ data, pagination }) =>
        pagination.total === 0 ? (
          <EmptyState says="Nobody is in this audience now." why="Members appear with their Audience Entered event." />
        ) : (
          <>
            <p className={classes['total']}>{count(pagination.total, 'member')}</p>
            <DataTable label="Members" columns={columns} rows={data} rowKey={({ personId }) => personId} />
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

const columns: readonly Column<Member>[] = [
  { name: 'Person', cell: ({ identifiers }) => <Identifiers of={identifiers} /> },
  { name: 'Entered', cell: ({ enteredAt }) => <Time at={enteredAt} /> },
];

/** The value goes in a request's body, never into an address, and comes back masked. */
function FindPerson({ audience }: { audience: Audience }): ReactNode {
  const [value, setValue] = useState('');
  const [found, setFound] = useState<readonly Person[]>();
  const submit = async (): Promise<void> => {
    setFound(await findPeople(audience.spaceId, value.trim()));
  };
  return (
    <div className={classes['find']}>
      <Form
        label="Find a person"
        submit={submit}
        check={() => (value.trim() === '' ? { value: 'Type the whole identifier.' } : {})}
      >
        {({ problems, sending }) => (
          <div className={classes['fields']}>
            <TextInput
              className={classes['value'] ?? ''}
              label="Find a person"
              description="A whole e-mail address, phone number, device id or user id."
              name="value"
              autoComplete="off"
              error={problems['value']}
              value={value}
              onChange={(event) => setValue(event.currentTarget.value)}
            />
            <SaveButton sending={sending} variant="default">
              Find
            </SaveButton>
          </div>
        )}
      </Form>
      {found !== undefined && <Found audience={audience} people={found} />}
    </div>
  );
}

function Found({ audience, people }: { audience: Audience; people: readonly Person[] }): ReactNode {
  const known = people.flatMap((person) => {
    const membership = person.audiences.find(({ audienceId }) => audienceId === audience.id);
    return membership ? [{ person, membership }] : [];
  });
  if (known.length === 0) {
    return <p role="status">Nobody with this identifier is or was in {audience.name}.</p>;
  }
  return (
    <ul className={classes['found']} aria-label="Found">
      {known.map(({ person, membership }) => (
        <li key={person.id}>
          <Identifiers of={person.identifiers} />
          {membership.member ? (
            <StatusBadge tone="good">
              In this audience since <Time at={membership.enteredAt} />
            </StatusBadge>
          ) : (
            <StatusBadge tone="neutral">
              Left <Time at={membership.exitedAt} />
            </StatusBadge>
          )}
        </li>
      ))}
    </ul>
  );
}
