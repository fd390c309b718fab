import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { type Audience, connectionsQuery, deleteAudience } from '../../api/audiences.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { people } from '../../ui/format.ts';
import { useRefresh } from '../../ui/loaded.tsx';
import { PeopleAtTikTok, type PeopleChoice } from '../../ui/people-at-tiktok.tsx';

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
  const refresh = useRefresh();
  const connections = useQuery(connectionsQuery(audience.spaceId, audience.id)).data ?? [];
  const [choice, setChoice] = useState<PeopleChoice>();
  const [typed, setTyped] = useState('');
  const there = connections.reduce((sum, { sync }) => sum + sync.counts.onTikTok, 0);
  const act = async (): Promise<void> => {
    await deleteAudience(audience.spaceId, audience.id, there === 0 ? 'keep' : (choice ?? 'keep'));
    await navigate({ to: '/spaces/$space/engage/audiences', params: { space: audience.spaceId } });
    await refresh();
  };
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title="Delete this audience?"
      action="Delete audience"
      danger
      possible={typed.trim() === audience.key && (there === 0 || choice !== undefined)}
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
    </Confirm>
  );
}
