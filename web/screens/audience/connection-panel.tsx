import { Radio, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import {
  type Audience,
  type Connection,
  type ConnectionSettings,
  changeConnection,
  connect,
  tryConnect,
} from '../../api/audiences.ts';
import { destinationsQuery } from '../../api/destinations.ts';
import { Consequence } from '../../ui/consequence.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { type FieldProblems, Form, FormActions, SaveButton } from '../../ui/form.tsx';
import { ButtonLink } from '../../ui/links.tsx';
import { useRefresh } from '../../ui/loaded.tsx';
import { SidePanel } from '../../ui/side-panel.tsx';
import { confirmed } from '../../ui/toast.ts';
import { AdvertiserChoice, EventSettings, usual } from './event-settings.tsx';
import { Matching } from './matching.tsx';

/** Segment's side panel **Add Destinations**: which destination follows the audience, and what it is sent. */
export function ConnectionPanel({
  audience,
  edited,
  connections,
  onClose,
}: {
  audience: Audience;
  /** The connection that is changed; null: a new one; undefined: the panel is closed. */
  edited: Connection | null | undefined;
  connections: readonly Connection[];
  onClose: () => void;
}): ReactNode {
  const [dirty, setDirty] = useState(false);
  const close = (): void => {
    setDirty(false);
    onClose();
  };
  return (
    <SidePanel
      opened={edited !== undefined}
      onClose={close}
      dirty={dirty}
      title={edited ? 'Connection settings' : 'Add Destinations'}
    >
      {edited !== undefined && (
        <ConnectionForm
          audience={audience}
          edited={edited}
          connections={connections}
          onTyped={() => setDirty(true)}
          onDone={close}
        />
      )}
    </SidePanel>
  );
}

interface FormProps {
  readonly audience: Audience;
  readonly edited: Connection | null;
  readonly connections: readonly Connection[];
  readonly onTyped: () => void;
  readonly onDone: () => void;
}

function ConnectionForm({ audience, edited, connections, onTyped, onDone }: FormProps): ReactNode {
  const { spaceId, id: audienceId } = audience;
  const refresh = useRefresh();
  const destinations = useQuery(destinationsQuery(spaceId)).data ?? [];
  const free = destinations.filter(({ id }) => !connections.some(({ destinationId }) => destinationId === id));
  const [chosen, setChosen] = useState(edited?.destinationId);
  const destinationId = chosen ?? (free.length === 1 ? free[0]?.id : undefined);
  const destination = destinations.find(({ id }) => id === destinationId);
  const [settings, setSettings] = useState<ConnectionSettings>(edited ? settingsOf(edited) : usual);
  const change = (part: Partial<ConnectionSettings>): void => {
    onTyped();
    setSettings({ ...settings, ...part });
  };
  const submit = async (): Promise<void> => {
    if (destinationId === undefined) return;
    if (edited) await changeConnection({ spaceId, audienceId, destinationId }, settings);
    else await connect({ spaceId, audienceId }, destinationId, settings);
    await refresh();
    confirmed(edited ? 'Connection saved.' : `${audience.name} is connected.`);
    onDone();
  };
  if (edited === null && free.length === 0) return <NoDestination spaceId={spaceId} any={destinations.length > 0} />;
  return (
    <Form label="Connection settings" submit={submit} check={() => check(destinationId, settings)}>
      {({ problems, sending }) => (
        <>
          {edited === null && (
            <Radio.Group
              label="Destination"
              name="destinationId"
              value={destinationId ?? null}
              error={problems['destinationId']}
              onChange={(value) => {
                onTyped();
                setChosen(value);
              }}
            >
              <Stack gap="xs" mt="xs">
                {free.map(({ id, name }) => (
                  <Radio key={id} value={id} label={name} />
                ))}
              </Stack>
            </Radio.Group>
          )}
          <EventSettings settings={settings} change={change} problems={problems} />
          {destination && <AdvertiserChoice {...{ destination, settings, change }} />}
          {destination && <Matching {...{ audience, destination, settings, usual, change }} />}
          {edited === null && destination && settings.enteredEvent.trim() !== '' && (
            <Consequence
              of={['connect', audienceId, destination.id, settings]}
              dryRun={() => tryConnect({ spaceId, audienceId }, destination.id, settings)}
              where={`${audience.key} through ${destination.name}`}
            />
          )}
          <FormActions>
            <SaveButton sending={sending}>Save Settings</SaveButton>
          </FormActions>
        </>
      )}
    </Form>
  );
}

function settingsOf({ sendTrack, sendIdentify, enteredEvent, exitedEvent, settings }: Connection): ConnectionSettings {
  const { advertiserId, audienceId } = settings;
  return {
    sendTrack,
    sendIdentify,
    enteredEvent,
    exitedEvent,
    settings: {
      ...(typeof advertiserId === 'string' ? { advertiserId } : {}),
      ...(typeof audienceId === 'string' ? { audienceId } : {}),
    },
  };
}

function NoDestination({ spaceId, any }: { spaceId: string; any: boolean }): ReactNode {
  return (
    <EmptyState says={any ? 'Every destination follows this audience already.' : 'There is no destination yet.'}>
      <ButtonLink to="/spaces/$space/catalog/destinations" params={{ space: spaceId }}>
        Add destination
      </ButtonLink>
    </EmptyState>
  );
}

function check(destinationId: string | undefined, { enteredEvent, exitedEvent }: ConnectionSettings): FieldProblems {
  return {
    ...(destinationId === undefined ? { destinationId: 'Choose a destination.' } : {}),
    ...(enteredEvent.trim() === '' ? { enteredEvent: 'The event needs a name.' } : {}),
    ...(exitedEvent.trim() === '' ? { exitedEvent: 'The event needs a name.' } : {}),
  };
}
