import { Button, NativeSelect, Switch, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ConnectionSettings } from '../../api/audiences.ts';
import { type Destination, tiktokAccountQuery } from '../../api/destinations.ts';
import { mappingsQuery } from '../../api/mappings.ts';
import type { FieldProblems } from '../../ui/form.tsx';

/** Segment's names, which the mappings of its guide listen to. */
export const usual: ConnectionSettings = {
  sendTrack: true,
  sendIdentify: false,
  enteredEvent: 'Audience Entered',
  exitedEvent: 'Audience Exited',
};

export function EventSettings({
  settings,
  change,
  problems,
}: {
  settings: ConnectionSettings;
  change: (part: Partial<ConnectionSettings>) => void;
  problems: FieldProblems;
}): ReactNode {
  const renamed = settings.enteredEvent !== usual.enteredEvent || settings.exitedEvent !== usual.exitedEvent;
  return (
    <>
      <Switch
        label="Send Track"
        description="TikTok Audiences listens to Track events."
        checked={settings.sendTrack}
        onChange={(event) => change({ sendTrack: event.currentTarget.checked })}
      />
      <Switch
        label="Send Identify"
        checked={settings.sendIdentify}
        onChange={(event) => change({ sendIdentify: event.currentTarget.checked })}
      />
      <TextInput
        label="Audience Entered event name"
        name="enteredEvent"
        error={problems['enteredEvent']}
        value={settings.enteredEvent}
        onChange={(event) => change({ enteredEvent: event.currentTarget.value })}
      />
      <TextInput
        label="Audience Exited event name"
        name="exitedEvent"
        error={problems['exitedEvent']}
        value={settings.exitedEvent}
        onChange={(event) => change({ exitedEvent: event.currentTarget.value })}
      />
      {renamed && (
        <Button
          variant="default"
          onClick={() => change({ enteredEvent: usual.enteredEvent, exitedEvent: usual.exitedEvent })}
        >
          Reset
        </Button>
      )}
    </>
  );
}

/** One pair for all audiences reads the ad account from the connection. */
const readsConnection = new Set(['addToAudience', 'removeFromAudience', 'syncAudience']);

export function AdvertiserChoice({
  destination,
  settings,
  change,
}: {
  destination: Destination;
  settings: ConnectionSettings;
  change: (part: Partial<ConnectionSettings>) => void;
}): ReactNode {
  const mappings = useQuery(mappingsQuery(destination.id)).data ?? [];
  const names = useQuery(tiktokAccountQuery(destination)).data?.accounts ?? [];
  if (!mappings.some(({ actionSlug }) => readsConnection.has(actionSlug))) return null;
  const { advertiserIds } = destination.connection;
  const nameOf = (id: string) => names.find(({ advertiserId }) => advertiserId === id)?.name ?? undefined;
  const choose = (advertiserId: string): void => {
    const { advertiserId: _, ...others } = settings.settings ?? {};
    change({ settings: advertiserId === '' ? others : { ...others, advertiserId } });
  };
  return (
    <NativeSelect
      label="Advertiser ID"
      description="For Add to Audience and Remove from Audience."
      value={settings.settings?.advertiserId ?? ''}
      data={[
        { value: '', label: 'None' },
        ...advertiserIds.map((value) => ({ value, label: [nameOf(value), value].filter(Boolean).join(' · ') })),
      ]}
      onChange={(event) => choose(event.currentTarget.value)}
    />
  );
}
