import { Button, Radio, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { Destination } from '../../api/destinations.ts';
import { checkTarget, feedableQuery, resolveTarget, type Target, targetsQuery } from '../../api/targets.ts';
import { AdsManagerLink } from '../../ui/ads-manager-link.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { count, people } from '../../ui/format.ts';
import { Loaded, useRefresh, Waiting } from '../../ui/loaded.tsx';
import { Card, Section } from '../../ui/page.tsx';
import { Problem, RequestProblem, sentence } from '../../ui/problem.tsx';
import { useMay } from '../../ui/space.ts';
import { TikTokView } from '../../ui/tiktok-view.tsx';
import classes from './overview.module.css';

/** What Usher fills at TikTok: TikTok's own number, and the doors of whatever stands in the way. */
export function TikTokAudiences({ destination }: { destination: Destination }): ReactNode {
  const targets = useQuery(targetsQuery(destination.id));
  return (
    <Section title="TikTok audiences" lead="TikTok updates its number in its own time; ours says what it has accepted.">
      <Loaded query={targets} height={120}>
        {(found) => {
          const present = found.filter(({ state, leavingSince }) => state !== 'gone' && leavingSince === null);
          if (present.length === 0)
            return <p className={classes['dim']}>None yet. Usher creates one with its first person.</p>;
          return (
            <div className={classes['list']}>
              {present.map((target) => (
                <OneTarget key={target.id} destination={destination} target={target} />
              ))}
              <AdsManager />
            </div>
          );
        }}
      </Loaded>
    </Section>
  );
}

function AdsManager(): ReactNode {
  return (
    <p className={classes['dim']}>
      You cannot make this type (Partner Audience) in TikTok's own pages; Usher made it for you. <AdsManagerLink />
    </p>
  );
}

function OneTarget({ destination, target }: { destination: Destination; target: Target }): ReactNode {
  const name = target.name ?? target.tiktokId ?? '';
  return (
    <Card label={`TikTok audience ${name}`}>
      <div className={classes['target']}>
        <div className={classes['head']}>
          <h3 className={classes['name']}>{name}</h3>
          <span className={classes['dim']}>
            Advertiser ID {target.advertiserId}
            {target.tiktokId !== null && ` · ID ${target.tiktokId}`}
            {target.owed > 0 && ` · ${count(target.owed, 'change')} owed`}
          </span>
        </div>
        {target.state === 'blocked' ? (
          <Blocked destination={destination} target={target} />
        ) : target.state === 'unresolved' ? (
          <p>{target.reason === null ? 'Looking for it at TikTok.' : sentence(target.reason)}</p>
        ) : (
          <div>
            <TikTokView target={target} />
          </div>
        )}
        <Doors destination={destination} target={target} />
      </div>
    </Card>
  );
}

/** E7, E8 and the others. */
function Blocked({ target }: { destination: Destination; target: Target }): ReactNode {
  const account = `Ad account ${target.advertiserId}`;
  const kept =
    target.owed === 0 ? 'Nothing is lost.' : `${people(target.owed)} ${target.owed === 1 ? 'waits' : 'wait'}.`;
  switch (target.problem) {
    case 'several':
      return (
        <Problem
          level="attention"
          happened={`${account} has ${target.choices.length} TikTok audiences called ${target.name}, so Usher does not guess.`}
          kept={kept}
          next="Choose one."
        />
      );
    case 'none':
      return (
        <Problem
          level="attention"
          happened={`${account} has no TikTok audience called ${target.name}, and creating is off.`}
          kept={kept}
          next="Create it now, or choose another."
        />
      );
    case 'gone':
      return (
        <Problem
          happened="The TikTok audience no longer exists."
          kept={kept}
          next="Created again it has a new ID; ad groups must be set anew."
        />
      );
    case 'forbidden':
      return (
        <Problem
          happened={`TikTok refuses changes in ${account.toLowerCase()}.`}
          kept={kept}
          next="The TikTok role is probably Analyst; it must be Admin or Operator. Then Check again."
        />
      );
    default:
      return <Problem happened={sentence(target.reason ?? 'TikTok does not take changes here')} kept={kept} />;
  }
}

const creatable: ReadonlySet<Target['problem']> = new Set(['none', 'gone', 'not-feedable'] as const);
const choosable: ReadonlySet<Target['problem']> = new Set([
  'several',
  'none',
  'gone',
  'not-feedable',
  'fed-elsewhere',
  'same',
] as const);

function Doors({ destination, target }: { destination: Destination; target: Target }): ReactNode {
  const may = useMay('editor');
  const refresh = useRefresh();
  const place = { destinationId: destination.id, targetId: target.id };
  const [choosing, choice] = useDisclosure(false);
  const [creating, creation] = useDisclosure(false);
  const check = useMutation({ mutationFn: () => checkTarget(place), onSettled: refresh });
  const blocked = target.state === 'blocked';
  const again = target.problem === 'gone';
  return (
    <>
      <div className={classes['doors']}>
        {blocked && choosable.has(target.problem) && (
          <Button size="xs" disabled={!may} onClick={choice.open}>
            {target.problem === 'several' ? 'Choose one' : 'Choose another'}
          </Button>
        )}
        {blocked && creatable.has(target.problem) && (
          <Button size="xs" disabled={!may} onClick={creation.open}>
            {again ? 'Create again' : 'Create it now'}
          </Button>
        )}
        {target.state !== 'unresolved' && (
          <Button size="xs" variant="default" disabled={!may} loading={check.isPending} onClick={() => check.mutate()}>
            {blocked ? 'Check again' : 'Check now'}
          </Button>
        )}
      </div>
      {check.isError && <RequestProblem error={check.error} kept="Nothing was changed." />}
      {choosing && <ChooseAudience destination={destination} target={target} onClose={choice.close} />}
      <Confirm
        opened={creating}
        onClose={creation.close}
        title={`${again ? 'Create again' : 'Create'} ${target.name ?? 'the audience'}?`}
        action={again ? 'Create again' : 'Create it now'}
        act={async () => {
          await resolveTarget(place, { create: true });
          await refresh();
          creation.close();
        }}
      >
        <p>
          {again
            ? 'It gets a new ID at TikTok and everybody is sent to it; ad groups must be set anew.'
            : 'Usher looks by name first, so that there is never a second one, and then creates it.'}
        </p>
      </Confirm>
    </>
  );
}

function ChooseAudience({
  destination,
  target,
  onClose,
}: {
  destination: Destination;
  target: Target;
  onClose: () => void;
}): ReactNode {
  const refresh = useRefresh();
  const feedable = useQuery(feedableQuery(destination.id, target.advertiserId));
  const [chosen, setChosen] = useState<string>();
  const named = target.choices.map(({ audienceId, name, size, createdAt }) => ({
    value: audienceId,
    label: `${name} · ID ${audienceId} · ${size === 0 ? 'no size yet' : people(size)} · created ${createdAt}`,
  }));
  const others = (feedable.data?.choices ?? []).map(({ label, value }) => ({ value, label: `${label} · ID ${value}` }));
  const options = named.length > 0 ? named : others;
  return (
    <Confirm
      opened
      onClose={onClose}
      title="Which TikTok audience?"
      action="Choose this audience"
      possible={chosen !== undefined}
      act={async () => {
        await resolveTarget({ destinationId: destination.id, targetId: target.id }, { audienceId: chosen ?? '' });
        await refresh();
        onClose();
      }}
    >
      {named.length === 0 && feedable.isPending && <Waiting height={80} />}
      {feedable.data?.error && <Problem happened={sentence(feedable.data.error.message)} />}
      <Radio.Group label={`Audiences of ad account ${target.advertiserId}`} value={chosen ?? null} onChange={setChosen}>
        <Stack gap="xs" mt="xs">
          {options.map(({ value, label }) => (
            <Radio key={value} value={value} label={label} />
          ))}
        </Stack>
      </Radio.Group>
    </Confirm>
  );
}
