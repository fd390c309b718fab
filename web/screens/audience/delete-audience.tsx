import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { type Audience, connectionsQuery, deleteAudience } from '../../api/audiences.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { people } from '../../ui/format.ts';
import { useRefreshWithout } from '../../ui/loaded.tsx';
import { PeopleAtTikTok, type PeopleChoice } from '../../ui/people-at-tiktok.tsx';
import { useRemovalGate } from '../../ui/removal-gate.tsx';

export function DeleteAudience({
  audience,
  opened,
  onClose,
}: {
  audience: Audience;
  opened: boolean;
  onClose: () => void;
}): ReactNode {
  const navigate = useNavigate();
  const refresh = useRefreshWithout();
  const gate = useRemovalGate();
  const connections = useQuery(connectionsQuery(audience.spaceId, audience.id)).data ?? [];
  const [choice, setChoice] = useState<PeopleChoice>();
  const [typed, setTyped] = useState('');
  const there = connections.reduce((sum, { sync }) => sum + sync.counts.onTikTok, 0);
  const act = async (): Promise<void> => {
    const place = { spaceId: audience.spaceId, audienceId: audience.id };
    const people = there === 0 ? 'keep' : (choice ?? 'keep');
    if (!(await gate.pass((removals) => deleteAudience(place, people, removals)))) return;
    await navigate({ to: '/spaces/$space/engage/audiences', params: { space: audience.spaceId } });
    await refresh(audience.id);
  };
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title="Delete this audience?"
      action="Delete audience"
      danger
      possible={typed.trim() === audience.key && (there === 0 || choice !== undefined) && gate.answered}
      act={act}
    >
      <p>
        {there === 0
          ? 'Nobody of this audience is on TikTok.'
          : `${people(there)} of this audience ${there === 1 ? 'is' : 'are'} on TikTok.`}
      </p>
      {there > 0 && <PeopleAtTikTok value={choice} onChange={setChoice} />}
      <TextInput
        label={`Type ${audience.key} to confirm`}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {gate.question}
    </Confirm>
  );
}
