import { ActionIcon, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDots } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { type Connection, changeConnection, disconnect } from '../../api/audiences.ts';
import type { Destination } from '../../api/destinations.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { people } from '../../ui/format.ts';
import { useRefresh } from '../../ui/loaded.tsx';
import { PeopleAtTikTok, type PeopleChoice } from '../../ui/people-at-tiktok.tsx';
import { useRemovalGate } from '../../ui/removal-gate.tsx';
import { useMay, useSpace } from '../../ui/space.ts';
import { ResyncDialog } from './resync-dialog.tsx';

/** What can be done with one destination of an audience. */
export function ConnectionMenu({
  connection,
  destination,
  edit,
}: {
  connection: Connection;
  destination: Destination;
  edit: () => void;
}): ReactNode {
  const may = useMay('editor');
  const { id: spaceId } = useSpace();
  const refresh = useRefresh();
  const [removing, removal] = useDisclosure(false);
  const [pausing, pause] = useDisclosure(false);
  const [resyncing, resync] = useDisclosure(false);
  const place = { spaceId, audienceId: connection.audienceId, destinationId: connection.destinationId };
  const setEnabled = async (enabled: boolean): Promise<void> => {
    await changeConnection(place, { enabled });
    await refresh();
    pause.close();
  };
  const action = connection.enabled ? 'Pause' : 'Resume';
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={28}
            disabled={!may}
            aria-label={`Actions of ${destination.name}`}
          >
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={edit}>Settings</Menu.Item>
          <Menu.Item onClick={resync.open}>Resync</Menu.Item>
          <Menu.Item onClick={pause.open}>{action}</Menu.Item>
          <Menu.Item onClick={removal.open}>Remove destination</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={pausing}
        onClose={pause.close}
        title={`${action} this connection?`}
        action={action}
        act={() => setEnabled(!connection.enabled)}
      >
        <p>
          {connection.enabled
            ? 'Nothing is sent while it is paused; changes are kept. Nobody is removed from TikTok.'
            : 'Everything that changed meanwhile is sent now.'}
        </p>
      </Confirm>
      {resyncing && <ResyncDialog connection={connection} destinationName={destination.name} onClose={resync.close} />}
      <RemoveDestination
        opened={removing}
        onClose={removal.close}
        destination={destination}
        there={connection.sync.counts.onTikTok}
        act={(choice, removals) => disconnect(place, choice, removals)}
      />
    </>
  );
}

function RemoveDestination({
  opened,
  onClose,
  destination,
  there,
  act,
}: {
  opened: boolean;
  onClose: () => void;
  destination: Destination;
  there: number;
  act: (choice: PeopleChoice, confirmRemovals?: number) => Promise<void>;
}): ReactNode {
  const refresh = useRefresh();
  const gate = useRemovalGate();
  const [choice, setChoice] = useState<PeopleChoice>();
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title={`Remove ${destination.name} from this audience?`}
      action="Remove destination"
      danger
      possible={(there === 0 || choice !== undefined) && gate.answered}
      act={async () => {
        if (await gate.pass((removals) => act(choice ?? 'keep', removals))) await refresh();
      }}
    >
      <p>
        {people(there)} of this audience {there === 1 ? 'is' : 'are'} on TikTok through {destination.name}.
      </p>
      {there > 0 && <PeopleAtTikTok value={choice} onChange={setChoice} />}
      {gate.question}
    </Confirm>
  );
}
