import { ActionIcon, Menu } from '@mantine/core';
import { useClipboard, useDisclosure } from '@mantine/hooks';
import { IconDots } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { createMapping, deleteMapping, type StoredMapping } from '../../api/mappings.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { useRefresh, useRefreshWithout } from '../../ui/loaded.tsx';
import { PeopleAtTikTok, type PeopleChoice } from '../../ui/people-at-tiktok.tsx';
import { useRemovalGate } from '../../ui/removal-gate.tsx';
import { useMay, useSpace } from '../../ui/space.ts';
import { confirmed } from '../../ui/toast.ts';
import { draftOf } from './draft.ts';

/** What else can be done with a stored mapping. */
export function EditorMenu({ mapping }: { mapping: StoredMapping }): ReactNode {
  const may = useMay('editor');
  const clipboard = useClipboard();
  const [deleting, deletion] = useDisclosure(false);
  const [duplicating, duplication] = useDisclosure(false);
  const draft = draftOf(mapping);
  const copy = (text: string): void => {
    clipboard.copy(text);
    confirmed('Copied.');
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={`Actions of ${mapping.name}`}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item disabled={!may} onClick={duplication.open}>
            Duplicate
          </Menu.Item>
          <Menu.Item onClick={() => copy(JSON.stringify(draft, null, 2))}>Copy as JSON</Menu.Item>
          <Menu.Item onClick={() => copy(curlOf(mapping))}>Copy as curl</Menu.Item>
          <Menu.Item disabled={!may} onClick={deletion.open}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Duplicate mapping={mapping} opened={duplicating} onClose={duplication.close} />
      <Delete mapping={mapping} opened={deleting} onClose={deletion.close} />
    </>
  );
}

interface DialogProps {
  readonly mapping: StoredMapping;
  readonly opened: boolean;
  readonly onClose: () => void;
}

function Duplicate({ mapping, opened, onClose }: DialogProps): ReactNode {
  const { id: space } = useSpace();
  const navigate = useNavigate();
  const refresh = useRefresh();
  const act = async (): Promise<void> => {
    const copy = { ...draftOf(mapping), name: `${mapping.name} (copy)`, enabled: false };
    const made = await createMapping(mapping.destinationId, copy);
    await refresh();
    onClose();
    await navigate({
      to: '/spaces/$space/connections/destinations/$destination/mappings/$mapping',
      params: { space, destination: mapping.destinationId, mapping: made.id },
    });
  };
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title={`Duplicate ${mapping.name}?`}
      action="Duplicate mapping"
      act={act}
    >
      <p>The copy is made as it is saved now, and is off.</p>
    </Confirm>
  );
}

function Delete({ mapping, opened, onClose }: DialogProps): ReactNode {
  const { id: space } = useSpace();
  const navigate = useNavigate();
  const refresh = useRefreshWithout();
  const gate = useRemovalGate();
  const [choice, setChoice] = useState<PeopleChoice>();
  const act = async (): Promise<void> => {
    if (choice === undefined) return;
    const place = { destinationId: mapping.destinationId, subscriptionId: mapping.id };
    const done = await gate.pass((confirmRemovals) => deleteMapping(place, choice, confirmRemovals));
    if (!done) return;
    await navigate({
      to: '/spaces/$space/connections/destinations/$destination/{-$tab}',
      params: { space, destination: mapping.destinationId, tab: 'mappings' },
      ignoreBlocker: true,
    });
    await refresh(mapping.id);
  };
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title={`Delete ${mapping.name}?`}
      action="Delete mapping"
      danger
      possible={choice !== undefined && gate.answered}
      act={act}
    >
      <p>People whom this mapping alone brought to TikTok may still be there.</p>
      <PeopleAtTikTok value={choice} onChange={setChoice} />
      {gate.question}
    </Confirm>
  );
}

/** The token stays out: it is somebody's own. */
function curlOf(mapping: StoredMapping): string {
  const address = `${window.location.origin}/api/v1/destinations/${mapping.destinationId}/subscriptions/${mapping.id}`;
  const { name, trigger, settings, enabled } = mapping;
  const body = JSON.stringify({ name, trigger, settings, enabled }).replaceAll("'", "'\\''");
  return `curl -X PATCH '${address}' -H "Authorization: Bearer $USHER_TOKEN" -H 'Content-Type: application/json' -d '${body}'`;
}
