import { Button, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Audience, connectionsQuery, type Member, type MemberOutcome, membersQuery } from '../../api/audiences.ts';
import { type Destination, destinationsQuery } from '../../api/destinations.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { count, outcomeNames } from '../../ui/format.ts';
import { Identifiers } from '../../ui/identifiers.tsx';
import { Loaded, Waiting } from '../../ui/loaded.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { StatusBadge, type Tone } from '../../ui/status-badge.tsx';
import { Time } from '../../ui/time.tsx';
import { FindPerson } from './find-person.tsx';
import { MemberFilters } from './member-filters.tsx';
import classes from './members.module.css';
import { Why } from './why.tsx';

/** Who is in the audience now, fifty at a time; a person is found by typing the whole identifier. */
export function Members({ audience }: { audience: Audience }): ReactNode {
  const connections = useQuery(connectionsQuery(audience.spaceId, audience.id)).data;
  const found = useQuery(destinationsQuery(audience.spaceId)).data;
  const destinations = found ?? [];
  const connected = (connections ?? []).flatMap((connection) => {
    const destination = destinations.find(({ id }) => id === connection.destinationId);
    return destination ? [{ connection, destination }] : [];
  });
  const [asked] = useSearchState('at');
  const [outcome] = useSearchState('outcome');
  const [person, setPerson] = useSearchState('person', '', 'push');
  const at = connected.find(({ destination }) => destination.id === asked) ?? connected[0];
  // Whoever asks for some of the members must not see all of them first.
  const known = !isOutcome(outcome) || (connections !== undefined && found !== undefined);
  const filter = at && isOutcome(outcome) ? { outcome, destinationId: at.destination.id } : {};
  return (
    <>
      <FindPerson audience={audience} open={setPerson} />
      {at && <MemberFilters connected={connected} at={at} chosen={isOutcome(outcome) ? outcome : ''} />}
      {known ? <MemberPages {...{ audience, filter, destinations }} open={setPerson} /> : <Waiting height={400} />}
      <Why audience={audience} personId={person} onClose={() => setPerson('')} />
    </>
  );
}

const isOutcome = (text: string): text is MemberOutcome => text in outcomeNames;

interface PagesProps {
  readonly audience: Audience;
  readonly filter: { outcome?: MemberOutcome; destinationId?: string };
  readonly destinations: readonly Destination[];
  readonly open: (personId: string) => void;
}

function MemberPages({ audience, filter, destinations, open }: PagesProps): ReactNode {
  const [cursor, setCursor] = useSearchState('after', '', 'push');
  const members = useQuery(membersQuery({ spaceId: audience.spaceId, audienceId: audience.id }, filter, cursor));
  const { outcome } = filter;
  return (
    <Loaded query={members} height={400}>
      {({ data, pagination }) =>
        pagination.total === 0 ? (
          <Nobody outcome={outcome} />
        ) : (
          <>
            <p className={classes['total']}>
              {outcome === undefined
                ? count(pagination.total, 'member')
                : `${count(pagination.total, 'person', 'people')}: ${outcomeNames[outcome]}`}
            </p>
            <DataTable
              label="Members"
              columns={columnsOf(destinations, outcome === 'leaving', open)}
              rows={data}
              rowKey={({ personId }) => personId}
            />
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

function Nobody({ outcome }: { outcome: MemberOutcome | undefined }): ReactNode {
  if (outcome === undefined)
    return (
      <EmptyState says="Nobody is in this audience now." why="Members appear with their Audience Entered event." />
    );
  return <EmptyState says={`Nobody of this audience is ${outcomeNames[outcome].toLowerCase()} now.`} />;
}

const tones: Record<MemberOutcome, Tone> = {
  onTikTok: 'good',
  owed: 'wait',
  parked: 'attention',
  skipped: 'neutral',
  leaving: 'wait',
};

function columnsOf(
  destinations: readonly Destination[],
  leaving: boolean,
  open: (personId: string) => void,
): readonly Column<Member>[] {
  const nameOf = (id: string): string | undefined => destinations.find((one) => one.id === id)?.name;
  return [
    { name: 'Person', cell: ({ identifiers }) => <Identifiers of={identifiers} /> },
    leaving
      ? { name: 'Left', cell: ({ exitedAt }) => <Time at={exitedAt} /> }
      : { name: 'Entered', cell: ({ enteredAt }) => <Time at={enteredAt} /> },
    {
      name: 'At its destinations',
      cell: ({ states }) =>
        states.length === 0 ? '—' : states.map((state) => <State key={state.destinationId} {...{ state, nameOf }} />),
    },
    {
      name: 'Why',
      nameHidden: true,
      align: 'right',
      cell: ({ personId }) => (
        <Button size="compact-sm" variant="default" aria-label={`Why: ${personId}`} onClick={() => open(personId)}>
          Why
        </Button>
      ),
    },
  ];
}

function State({
  state: { outcome, reason, destinationId },
  nameOf,
}: {
  state: Member['states'][number];
  nameOf: (id: string) => string | undefined;
}): ReactNode {
  return (
    <span className={classes['state']}>
      <StatusBadge tone={tones[outcome]}>
        {nameOf(destinationId)}: {outcomeNames[outcome]}
      </StatusBadge>
      {reason !== null && <span className={classes['reason']}>{reason}</span>}
    </span>
  );
}
