import { Button, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { Audience } from '../../api/audiences.ts';
import { findPeople, type Person } from '../../api/people.ts';
import { Form, SaveButton } from '../../ui/form.tsx';
import { Identifiers } from '../../ui/identifiers.tsx';
import { TextLink } from '../../ui/links.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { Time } from '../../ui/time.tsx';
import classes from './members.module.css';

/** The value goes in a request's body, never into an address, and comes back masked. */
export function FindPerson({ audience, open }: { audience: Audience; open: (personId: string) => void }): ReactNode {
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
      {found !== undefined && <Found audience={audience} people={found} open={open} />}
    </div>
  );
}

function Found({
  audience,
  people,
  open,
}: {
  audience: Audience;
  people: readonly Person[];
  open: (personId: string) => void;
}): ReactNode {
  const known = people.flatMap((person) => {
    const membership = person.audiences.find(({ audienceId }) => audienceId === audience.id);
    return membership ? [{ person, membership }] : [];
  });
  if (known.length === 0) {
    return (
      <p role="status">
        Nobody with this identifier is or was in {audience.name}.
        <Elsewhere audience={audience} people={people} />
      </p>
    );
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
          <Button size="compact-sm" variant="default" onClick={() => open(person.id)}>
            Why
          </Button>
        </li>
      ))}
    </ul>
  );
}

function Elsewhere({ audience, people }: { audience: Audience; people: readonly Person[] }): ReactNode {
  const others = new Map(
    people.flatMap((person) => person.audiences.filter(({ member }) => member).map((one) => [one.audienceId, one])),
  );
  if (others.size === 0) return null;
  return (
    <>
      {' It is a member of '}
      {[...others.values()].map(({ audienceId, name }, index) => (
        <span key={audienceId}>
          {index > 0 && ', '}
          <TextLink
            to="/spaces/$space/engage/audiences/$audience/{-$tab}"
            params={{ space: audience.spaceId, audience: audienceId, tab: 'members' }}
            search={{}}
          >
            {name}
          </TextLink>
        </span>
      ))}
      .
    </>
  );
}
