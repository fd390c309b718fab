import { Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { destinationStatusQuery } from '../api/destinations.ts';
import { changeMapping, type StoredMapping, tryChangeMapping, type Weighed } from '../api/mappings.ts';
import { Confirm } from './confirm.tsx';
import { consequence } from './consequence.tsx';
import { people } from './format.ts';
import { useRefresh } from './loaded.tsx';
import classes from './mapping-switch.module.css';
import { PeopleAtTikTok, type PeopleChoice } from './people-at-tiktok.tsx';
import { wordsOf } from './problem.tsx';
import { useRemovalGate } from './removal-gate.tsx';
import { useMay } from './space.ts';

/** **Enabled** of a mapping. What it does at TikTok is said first; where it does nothing there, it is done at once. */
export function MappingSwitch({ mapping, label }: { mapping: StoredMapping; label?: string }): ReactNode {
  const may = useMay('editor');
  const refresh = useRefresh();
  const [weighed, setWeighed] = useState<Weighed>();
  const [words, setWords] = useState('');
  const [busy, setBusy] = useState(false);
  const connected = useConnected(mapping.destinationId);
  const place = { destinationId: mapping.destinationId, subscriptionId: mapping.id };
  const enabled = !mapping.enabled;
  const toggle = async (): Promise<void> => {
    setBusy(true);
    try {
      const found = await tryChangeMapping(place, { enabled });
      if (!isNothing(found)) return setWeighed(found);
      await changeMapping(place, { enabled });
      await refresh();
      setWords(enabled ? turnedOn(connected) : 'Off. Nobody is removed from TikTok.');
    } catch (error) {
      setWords(wordsOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <span className={classes['switch']}>
        <Switch
          {...(label === undefined ? { 'aria-label': `Enabled: ${mapping.name}` } : { label })}
          checked={mapping.enabled}
          disabled={!may || busy}
          onChange={() => void toggle()}
        />
        <span role="status" className={classes['words']}>
          {words}
        </span>
      </span>
      {weighed !== undefined && (
        <ConfirmSwitch
          mapping={mapping}
          weighed={weighed}
          onClose={() => setWeighed(undefined)}
          onDone={() => {
            setWeighed(undefined);
            setWords('');
          }}
        />
      )}
    </>
  );
}

function ConfirmSwitch({
  mapping,
  weighed,
  onClose,
  onDone,
}: {
  mapping: StoredMapping;
  weighed: Weighed;
  onClose: () => void;
  onDone: () => void;
}): ReactNode {
  const refresh = useRefresh();
  const gate = useRemovalGate();
  const [choice, setChoice] = useState<PeopleChoice>();
  const enabled = !mapping.enabled;
  const asks = weighed.kind === 'people left';
  const act = async (): Promise<void> => {
    const place = { destinationId: mapping.destinationId, subscriptionId: mapping.id };
    const answers = asks && choice ? { people: choice } : {};
    const done = await gate.pass(async (confirmRemovals) => {
      await changeMapping(place, { enabled }, { ...answers, ...(confirmRemovals ? { confirmRemovals } : {}) });
    });
    if (!done) return;
    await refresh();
    onDone();
  };
  const action = enabled ? 'Turn on' : 'Turn off';
  return (
    <Confirm
      opened
      onClose={onClose}
      title={`${action} ${mapping.name}?`}
      action={action}
      possible={(!asks || choice !== undefined) && gate.answered}
      act={act}
    >
      <p>{sentenceOf(weighed, enabled)}</p>
      {asks && <PeopleAtTikTok value={choice} onChange={setChoice} />}
      {gate.question}
    </Confirm>
  );
}

const isNothing = (weighed: Weighed): boolean =>
  weighed.kind === 'known' && weighed.dryRun.adds === 0 && weighed.dryRun.removes === 0;

const turnedOn = (connected: boolean): string =>
  connected ? 'On. Nobody has to be sent now.' : 'No audience is connected yet. Nothing is sent before that.';

function sentenceOf(weighed: Weighed, enabled: boolean): string {
  if (weighed.kind === 'people left')
    return `${people(weighed.people)} would be left on TikTok with nothing that feeds them.`;
  const { dryRun } = weighed;
  if (!enabled || dryRun.removes > 0) return consequence(dryRun);
  return `Turns on: ${people(dryRun.adds)} will be sent.`;
}

/** Whether any audience is sent to the destination. */
function useConnected(destinationId: string): boolean {
  const status = useQuery(destinationStatusQuery(destinationId)).data;
  return status !== undefined && (status.counts.members > 0 || !status.reason.startsWith('setup-'));
}
