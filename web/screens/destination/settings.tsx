import { Switch, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { changeDestination, type Destination, destinationVersionQuery } from '../../api/destinations.ts';
import { hasStatus } from '../../api/errors.ts';
import { Form } from '../../ui/form.tsx';
import { useRefresh } from '../../ui/loaded.tsx';
import { Card } from '../../ui/page.tsx';
import { wordsOf } from '../../ui/problem.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { useMay } from '../../ui/space.ts';
import { confirmed } from '../../ui/toast.ts';
import { AfterSaving } from './after-saving.tsx';
import { type Asked, BeforeSaving, hasToBeAsked } from './before-saving.tsx';
import { Deletion } from './delete-destination.tsx';
import { type Changes, changesFrom, entriesOf, realChanges, toChange } from './entries.ts';
import { MoreSettings } from './more-settings.tsx';
import { Outdated } from './outdated.tsx';
import { SaveBar } from './save-bar.tsx';
import classes from './settings.module.css';
import { TikTokConnection } from './tiktok-connection.tsx';

/** Name, TikTok connection, on or off, and how people are sent: one form with one **Save Changes**. */
export function Settings({ destination }: { destination: Destination }): ReactNode {
  const may = useMay('editor');
  const [draft, setDraft] = useSearchState('draft');
  const [typed, setTyped] = useState<Changes>(() => changesFrom(draft));
  const [saved, setSaved] = useState<Changes>();
  const before = entriesOf(destination);
  const changes = realChanges(before, typed);
  const entries = { ...before, ...changes };
  const changed = Object.keys(changes).length > 0;
  const change = (part: Changes): void => setTyped({ ...typed, ...part });
  const discard = (): void => {
    setTyped({});
    if (draft !== '') setDraft('');
  };
  const saving = useSaving(destination, changes, () => {
    setSaved(changes);
    discard();
  });
  return (
    <div className={classes['settings']}>
      <Form
        label="Destination settings"
        submit={saving.submit}
        check={() => (entries.name.trim() === '' ? { name: 'Give the destination a name.' } : {})}
      >
        {({ problems, sending }) => (
          <>
            <TextInput
              label="Destination name"
              name="name"
              readOnly={!may}
              maxLength={200}
              error={problems['name']}
              value={entries.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
            />
            <TikTokConnection destination={destination} changes={changes} />
            <EnableDestination
              destination={destination}
              on={entries.enabled}
              change={(enabled) => change({ enabled })}
            />
            {saved !== undefined && !changed && <AfterSaving destination={destination} saved={saved} />}
            <MoreSettings entries={entries} change={change} problems={problems} />
            {changed && <SaveBar sending={sending} discard={discard} />}
          </>
        )}
      </Form>
      <Deletion destination={destination} />
      {saving.outdated !== '' && (
        <Outdated
          words={saving.outdated}
          theirs={before}
          mine={changes}
          saveMine={saving.over}
          onClose={saving.close}
        />
      )}
      {saving.asked !== undefined && <BeforeSaving asked={saving.asked} save={saving.save} onClose={saving.close} />}
    </div>
  );
}

/** What has a consequence is asked first; what somebody else saved meanwhile is not written over unasked. */
function useSaving(destination: Destination, changes: Changes, done: () => void) {
  const refresh = useRefresh();
  const version = useVersionRead(destination.id, Object.keys(changes).length > 0);
  const [asked, setAsked] = useState<Asked>();
  const [outdated, setOutdated] = useState('');
  const close = (): void => {
    setAsked(undefined);
    setOutdated('');
  };
  const put = async (over: { confirmRemovals?: number | undefined; version?: string | undefined }): Promise<void> => {
    await changeDestination(destination.id, toChange(changes), over);
    await refresh();
    close();
    done();
    confirmed('Changes saved.');
  };
  const save = async (confirmRemovals?: number): Promise<void> => {
    try {
      await put({ confirmRemovals, version });
    } catch (error) {
      if (!hasStatus(error, 412)) throw error;
      setAsked(undefined);
      setOutdated(wordsOf(error));
      await refresh();
    }
  };
  const submit = async (): Promise<void> => {
    const question = hasToBeAsked(destination, changes);
    if (question === undefined) await save();
    else setAsked(question);
  };
  return { asked, outdated, submit, save, over: () => put({}), close };
}

/** The version that stands under what is typed: a newer one is taken on only while nothing is. */
function useVersionRead(destinationId: string, changed: boolean): string | undefined {
  const newest = useQuery(destinationVersionQuery(destinationId)).data;
  const [read, setRead] = useState(newest);
  if (!changed && newest !== read) setRead(newest);
  return read ?? newest;
}

function EnableDestination({
  destination,
  on,
  change,
}: {
  destination: Destination;
  on: boolean;
  change: (enabled: boolean) => void;
}): ReactNode {
  const may = useMay('editor');
  const possible = destination.connection.connected || destination.enabled;
  return (
    <Card>
      <Switch
        label="Enable Destination"
        description={possible ? 'Off: nothing is sent, everything is kept.' : 'Connect TikTok first.'}
        checked={on && possible}
        disabled={!may || !possible}
        onChange={(event) => change(event.currentTarget.checked)}
      />
    </Card>
  );
}
