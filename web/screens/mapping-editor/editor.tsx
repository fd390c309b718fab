import { Button, Checkbox, Switch, TextInput } from '@mantine/core';
import { useDebouncedValue, useHotkeys } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { Destination } from '../../api/destinations.ts';
import {
  type MappingDraft,
  mappingsQuery,
  type StoredMapping,
  type TestEvent,
  tryMapping,
} from '../../api/mappings.ts';
import { useServerAway } from '../../api/server-away.ts';
import { ConfirmLeaving } from '../../ui/confirm.tsx';
import { MappingSwitch } from '../../ui/mapping-switch.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { useMay } from '../../ui/space.ts';
import { ViewerNote } from '../../ui/viewer-note.tsx';
import { type Action, nameOf, problemsOf } from './draft.ts';
import { EditorMenu } from './editor-menu.tsx';
import { variablesOf } from './event-variables.ts';
import { FieldList } from './field-list.tsx';
import classes from './mapping-editor.module.css';
import { AfterSaving } from './next-steps.tsx';
import { fieldsDiffer, otherHalf } from './other-half.ts';
import { SaveDialogs, useSaving } from './saving.tsx';
import { TestEventPanel } from './test-event.tsx';
import { Trigger } from './trigger.tsx';
import { TryOut } from './try-out.tsx';

export interface EditorProps {
  readonly destination: Destination;
  readonly action: Action;
  readonly before: MappingDraft;
  /** As it was read; undefined: a new mapping. */
  readonly stored: { readonly mapping: StoredMapping; readonly version: string } | undefined;
}

/** How long typing rests before the mapping is tried on the event. */
const restMs = 300;

export function Editor({ destination, action, ...read }: EditorProps): ReactNode {
  const may = useMay('editor');
  const away = useServerAway() !== null;
  const form = useRef<HTMLDivElement>(null);
  const { draft, setDraft, before, stored } = useDraft(read);
  const [asked, setAsked] = useState(false);
  const [event, setEvent] = useState<TestEvent>();
  const found = problemsOf(draft, action);
  const problems = asked ? found : {};
  const dirty = !sameDraft(draft, before);
  const other = useOtherHalf(stored?.mapping, before, draft);
  const saving = useSaving({ destination, before, draft, stored, half: other.chosen });
  const save = (): void => {
    setAsked(true);
    const [first] = Object.keys(found);
    if (first === undefined) return void saving.save();
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>(`[name="${first}"]`)?.focus());
  };
  const canSave = may && !away && (dirty || stored === undefined);
  useHotkeys([['mod+S', () => canSave && save()]], []);
  const ready = Object.keys(found).length === 0;
  const tried = useTried(destination.id, draft, ready && may ? event : undefined);
  const leaving = useLeaving(dirty && !saving.saved);
  const key = draft.settings['personas_audience_key'];
  const set = (name: string, value: MappingDraft['settings'][string] | undefined): void =>
    setDraft((old) => changed(old, { name, value, action }));
  return (
    <Page title={draft.name === '' ? action.name : draft.name} aside={<span>{action.name}</span>}>
      <ViewerNote />
      <div ref={form}>
        <div className={classes['header']}>
          <TextInput
            label="Mapping name"
            name="name"
            readOnly={!may}
            error={problems['name']}
            value={draft.name}
            onChange={({ currentTarget: { value } }) => setDraft((old) => ({ ...old, name: value }))}
          />
          {stored ? (
            <MappingSwitch mapping={stored.mapping} label="Enabled" />
          ) : (
            <Switch label="Enabled" description="Save first." disabled checked={false} readOnly />
          )}
          <Button onClick={save} disabled={!canSave} loading={saving.sending}>
            Save
          </Button>
          {stored && <EditorMenu mapping={stored.mapping} />}
        </div>
        {saving.problem}
        <AlsoChange {...other} />
        {stored && !dirty && <AfterSaving mapping={stored.mapping} />}
        <div className={classes['columns']}>
          <div className={classes['main']}>
            <Panel title="1. Define event trigger">
              <Trigger
                text={draft.trigger}
                mayEdit={may}
                onChange={(trigger) => setDraft((old) => ({ ...old, trigger }))}
              />
            </Panel>
            <Panel title="3. Select mappings">
              <FieldList
                destination={destination}
                action={action}
                settings={draft.settings}
                mayEdit={may}
                problems={problems}
                set={set}
                variables={variablesOf(event?.kind === 'recent' ? event.shape : event?.event)}
                tried={event === undefined ? undefined : tried}
              />
            </Panel>
          </div>
          <div className={classes['side']}>
            <Panel title="2. Add test event">
              <TestEventPanel
                sample={{ key: typeof key === 'string' ? key : '', entered: !action.slug.startsWith('remove') }}
                onChange={setEvent}
              />
            </Panel>
            <Panel title="4. Send test event">
              <TryOut destinationId={destination.id} draft={draft} event={event} ready={ready && may} />
            </Panel>
          </div>
        </div>
      </div>
      <SaveDialogs saving={saving} draft={draft} />
      <ConfirmLeaving opened={leaving.asks} stay={leaving.stay} leave={leaving.leave} />
    </Page>
  );
}

/**
 * What is edited and what it is compared with. A newer version replaces what was read only where that loses nothing: else
 * saving is refused (412), and who edits is told.
 */
function useDraft(newest: Pick<EditorProps, 'before' | 'stored'>) {
  const [read, setRead] = useState(newest);
  const [draft, setDraft] = useState(newest.before);
  const clean = sameDraft(draft, read.before);
  const harmless = clean || sameDraft(newest.before, read.before) || sameDraft(draft, newest.before);
  if (newest.stored !== read.stored && harmless) {
    setRead(newest);
    if (clean) setDraft(newest.before);
  }
  return { draft, setDraft, ...read };
}

/** The mapping that gets the same fields, ticked at first; there only while fields are changed. */
function useOtherHalf(mapping: StoredMapping | undefined, before: MappingDraft, draft: MappingDraft) {
  const [wanted, choose] = useState(true);
  const all = useQuery({ ...mappingsQuery(mapping?.destinationId ?? ''), enabled: mapping !== undefined }).data ?? [];
  const found = mapping && otherHalf(mapping, before, all);
  const half = found && fieldsDiffer(before.settings, draft.settings) ? found : undefined;
  return { half, chosen: wanted ? half : undefined, choose };
}

function AlsoChange({ half, chosen, choose }: ReturnType<typeof useOtherHalf>): ReactNode {
  const may = useMay('editor');
  if (half === undefined) return null;
  return (
    <Checkbox
      mb="sm"
      label={`Also change ${half.name}`}
      disabled={!may}
      checked={chosen !== undefined}
      onChange={(event) => choose(event.currentTarget.checked)}
    />
  );
}

/** The name follows the key until somebody gives it another one. */
function changed(
  old: MappingDraft,
  { name, value, action }: { name: string; value: MappingDraft['settings'][string] | undefined; action: Action },
): MappingDraft {
  const { [name]: was, ...rest } = old.settings;
  const settings = value === undefined ? rest : { ...old.settings, [name]: value };
  const follows = name === 'personas_audience_key' && old.name === nameOf(action, typeof was === 'string' ? was : '');
  return { ...old, settings, name: follows ? nameOf(action, typeof value === 'string' ? value : '') : old.name };
}

const sameDraft = (a: MappingDraft, b: MappingDraft): boolean =>
  a.name === b.name && a.trigger === b.trigger && JSON.stringify(a.settings) === JSON.stringify(b.settings);

function Panel({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <Card label={title}>
      <div className={classes['panel']}>
        <h2>{title}</h2>
        {children}
      </div>
    </Card>
  );
}

/** What the mapping makes of the event as it stands; an old answer stays until the draft rests and a new one has come. */
function useTried(destinationId: string, draft: MappingDraft, event: TestEvent | undefined) {
  const [rested] = useDebouncedValue(draft, restMs);
  return useQuery({
    queryKey: ['try-mapping', destinationId, rested.trigger, rested.settings, event],
    queryFn: () => (event ? tryMapping(destinationId, rested, { event, send: false }) : null),
    enabled: event !== undefined && rested === draft,
    placeholderData: keepPreviousData,
    retry: false,
  }).data;
}

/** Leaving with changes asks; so does the browser itself. */
function useLeaving(dirty: boolean): { asks: boolean; stay: () => void; leave: () => void } {
  const still = useRef(dirty);
  useEffect(() => {
    still.current = dirty;
  }, [dirty]);
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: () => still.current,
    withResolver: true,
  });
  return {
    asks: blocker.status === 'blocked',
    stay: () => blocker.reset?.(),
    leave: () => blocker.proceed?.(),
  };
}
