import { Checkbox } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { type Audience, audiencesQuery, connect, connectionsQuery, tryConnect } from '../../api/audiences.ts';
import type { DryRun } from '../../api/client.ts';
import { changeDestination, type Destination } from '../../api/destinations.ts';
import { feedableQuery } from '../../api/targets.ts';
import { Consequence } from '../../ui/consequence.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Form, FormActions, SaveButton } from '../../ui/form.tsx';
import { count, number, people } from '../../ui/format.ts';
import { ButtonLink } from '../../ui/links.tsx';
import { Loaded, useRefresh } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { useMay } from '../../ui/space.ts';
import { type AtAccount, nameAt, placeOf } from './at-account.tsx';

interface ChoiceProps {
  readonly destination: Destination;
  readonly advertiserId: string;
  readonly onSent: (audienceIds: readonly string[]) => void;
}

/** Screen 3. It fills in by itself when the first event arrives. */
export function ChooseAudiences(props: ChoiceProps): ReactNode {
  const { spaceId } = props.destination;
  const audiences = useQuery(audiencesQuery(spaceId));
  return (
    <Section title="Choose audiences" lead="Step 3 of 3. Their members are sent, and every change from then on.">
      <Loaded query={audiences} height={240}>
        {({ data }) =>
          data.length === 0 ? (
            <EmptyState says="No audience has arrived yet." why="This page fills in when the first event arrives.">
              <ButtonLink to="/spaces/$space/connections/sources" params={{ space: spaceId }}>
                Send events
              </ButtonLink>
            </EmptyState>
          ) : (
            <AudienceChoice {...props} audiences={data} />
          )
        }
      </Loaded>
    </Section>
  );
}

interface Row {
  readonly audience: Audience;
  readonly sentAlready: boolean;
  readonly at: AtAccount;
}

function AudienceChoice({
  destination,
  advertiserId,
  onSent,
  audiences,
}: ChoiceProps & { audiences: readonly Audience[] }): ReactNode {
  const may = useMay('editor');
  const refresh = useRefresh();
  const { audience: startedFrom } = useSearch({ strict: false });
  const found = useQuery(feedableQuery(destination.id, advertiserId)).data?.choices;
  const connections = useQueries({ queries: audiences.map(({ spaceId, id }) => connectionsQuery(spaceId, id)) });
  const [chosen, setChosen] = useState<readonly string[]>(startedFrom === undefined ? [] : [startedFrom]);
  const [ids, setIds] = useState<Readonly<Record<string, string>>>({});
  const rows = audiences.map((audience, index): Row => {
    const here = connections[index]?.data?.some((one) => one.destinationId === destination.id) === true;
    return { audience, sentAlready: here, at: placeOf(audience.key, found, ids[audience.id]) };
  });
  const going = rows.filter(({ audience, sentAlready }) => chosen.includes(audience.id) && !sentAlready);
  const settingsOf = ({ at }: Row) => ({
    sendTrack: true,
    sendIdentify: false,
    enteredEvent: 'Audience Entered',
    exitedEvent: 'Audience Exited',
    settings: { advertiserId, ...(at.kind === 'chosen' ? { audienceId: at.audienceId } : {}) },
  });
  const placeIn = ({ audience }: Row) => ({ spaceId: audience.spaceId, audienceId: audience.id });
  const tryAll = async (): Promise<DryRun> =>
    sumOf(await Promise.all(going.map((row) => tryConnect(placeIn(row), destination.id, settingsOf(row)))));
  const submit = async (): Promise<void> => {
    if (!destination.enabled) await changeDestination(destination.id, { enabled: true });
    for (const row of going) await connect(placeIn(row), destination.id, settingsOf(row));
    await refresh();
    onSent(going.map(({ audience }) => audience.id));
  };
  const undecided = going.find(({ at }) => at.kind === 'several');
  const columns: readonly Column<Row>[] = [
    {
      name: 'Name',
      cell: ({ audience, sentAlready }) => (
        <Checkbox
          label={audience.name}
          checked={sentAlready || chosen.includes(audience.id)}
          disabled={!may || sentAlready}
          onChange={({ currentTarget: { checked } }) =>
            setChosen(checked ? [...chosen, audience.id] : chosen.filter((id) => id !== audience.id))
          }
        />
      ),
    },
    { name: 'Members', align: 'right', cell: ({ audience }) => number(audience.size.count) },
    {
      name: 'TikTok audience',
      cell: ({ audience, sentAlready, at }) =>
        sentAlready
          ? `${destination.name} sends this audience already.`
          : nameAt(at, (id) => setIds({ ...ids, [audience.id]: id }), audience.key),
    },
  ];
  return (
    <Form
      label="Choose audiences"
      submit={submit}
      check={() => (undecided ? { [`audience-${undecided.audience.key}`]: 'Choose one.' } : {})}
    >
      {({ sending }) => (
        <>
          <DataTable label="Audiences" columns={columns} rows={rows} rowKey={({ audience }) => audience.id} />
          <SmallOnes rows={going} />
          {going.length > 0 && (
            <Consequence
              of={['quick-connect', destination.id, advertiserId, going.map(({ audience, at }) => [audience.id, at])]}
              dryRun={tryAll}
              where={count(going.length, 'TikTok audience')}
            />
          )}
          <FormActions>
            <SaveButton sending={sending} disabled={!may || going.length === 0 || undecided !== undefined}>
              Start sending
            </SaveButton>
          </FormActions>
        </>
      )}
    </Form>
  );
}

/** TikTok's minimum for ads (tiktok-api.md 11). */
const enough = 1_000;

function SmallOnes({ rows }: { rows: readonly Row[] }): ReactNode {
  return rows
    .filter(({ audience }) => audience.size.count < enough)
    .map(({ audience }) => (
      <p key={audience.id} style={{ margin: 0 }}>
        TikTok needs 1,000 matched people; {audience.key} has {people(audience.size.count)}. You can send it now and
        target it later.
      </p>
    ));
}

const sumOf = (tried: readonly DryRun[]): DryRun =>
  tried.reduce((sum, one) => ({
    adds: sum.adds + one.adds,
    removes: sum.removes + one.removes,
    calls: sum.calls + one.calls,
    seconds: sum.seconds + one.seconds,
    targets: [...sum.targets, ...one.targets],
  }));
