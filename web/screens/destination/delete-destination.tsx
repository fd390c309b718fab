import { Button, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { type Destination, deleteDestination, destinationStatusQuery } from '../../api/destinations.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { people } from '../../ui/format.ts';
import { useRefreshWithout } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { PeopleAtTikTok, type PeopleChoice } from '../../ui/people-at-tiktok.tsx';
import { useRemovalGate } from '../../ui/removal-gate.tsx';
import { useMay } from '../../ui/space.ts';
import { confirmed } from '../../ui/toast.ts';

export function Deletion({ destination }: { destination: Destination }): ReactNode {
  const may = useMay('owner');
  const [asking, dialog] = useDisclosure(false);
  return (
    <Section title="Delete this destination" lead="Its mappings and connections end. Audiences stay.">
      <Button variant="outline" color="danger" disabled={!may} onClick={dialog.open}>
        Delete destination
      </Button>
      {asking && <DeleteDestination destination={destination} onClose={dialog.close} />}
    </Section>
  );
}

function DeleteDestination({ destination, onClose }: { destination: Destination; onClose: () => void }): ReactNode {
  const navigate = useNavigate();
  const refresh = useRefreshWithout();
  const gate = useRemovalGate();
  const counts = useQuery(destinationStatusQuery(destination.id)).data?.counts;
  const there = (counts?.onTikTok ?? 0) + (counts?.kept ?? 0);
  const [choice, setChoice] = useState<PeopleChoice>();
  const [typed, setTyped] = useState('');
  const act = async (): Promise<void> => {
    const done = await gate.pass((removals) => deleteDestination(destination.id, choice ?? 'keep', removals));
    if (!done) return;
    await navigate({ to: '/spaces/$space/connections/destinations', params: { space: destination.spaceId } });
    await refresh(destination.id);
    confirmed(`${destination.name} is deleted.`);
  };
  return (
    <Confirm
      opened
      onClose={onClose}
      title="Delete this destination?"
      action="Delete destination"
      danger
      possible={typed.trim() === destination.name && (there === 0 || choice !== undefined) && gate.answered}
      act={act}
    >
      <p>{there === 0 ? 'Nobody is on TikTok through it.' : `${people(there)} are on TikTok through it.`}</p>
      {there > 0 && <PeopleAtTikTok value={choice} onChange={setChoice} />}
      <TextInput
        label={`Type ${destination.name} to confirm`}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {gate.question}
    </Confirm>
  );
}
