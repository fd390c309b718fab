import { Button, Modal, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { createAudience } from '../../api/audiences.ts';
import { type FieldProblems, Form, FormActions, SaveButton } from '../../ui/form.tsx';
import { useRefresh } from '../../ui/loaded.tsx';
import { audienceKeyOf } from '../../ui/slug.ts';
import { useSpace } from '../../ui/space.ts';

/** For an audience whose first event is still to come. */
export function NewAudience({ opened, onClose }: { opened: boolean; onClose: () => void }): ReactNode {
  return (
    <Modal opened={opened} onClose={onClose} title="New audience" closeButtonProps={{ 'aria-label': 'Close' }}>
      <NewAudienceForm onClose={onClose} />
    </Modal>
  );
}

function NewAudienceForm({ onClose }: { onClose: () => void }): ReactNode {
  const { id: space } = useSpace();
  const navigate = useNavigate();
  const refresh = useRefresh();
  const [name, setName] = useState('');
  const [ownKey, setOwnKey] = useState<string>();
  const key = ownKey ?? audienceKeyOf(name);
  const submit = async (): Promise<void> => {
    const { id } = await createAudience(space, { name: name.trim(), key: key.trim() });
    await refresh();
    const params = { space, audience: id, tab: undefined };
    await navigate({ to: '/spaces/$space/engage/audiences/$audience/{-$tab}', params });
  };
  return (
    <Form label="New audience" check={() => check(name, key)} submit={submit}>
      {({ problems, sending }) => (
        <>
          <TextInput
            label="Name"
            name="name"
            data-autofocus
            error={problems['name']}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label="Audience Key"
            description="Must be the key Segment uses. It can never change."
            name="key"
            classNames={{ input: 'mono' }}
            spellCheck={false}
            error={problems['key']}
            value={key}
            onChange={(event) => setOwnKey(event.currentTarget.value)}
          />
          <FormActions>
            <SaveButton sending={sending}>Create audience</SaveButton>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
          </FormActions>
        </>
      )}
    </Form>
  );
}

function check(name: string, key: string): FieldProblems {
  return {
    ...(name.trim() === '' ? { name: 'Give the audience a name.' } : {}),
    ...(/^[A-Za-z0-9_-]+$/.test(key.trim()) ? {} : { key: 'Audience Keys use Latin letters, digits, _ and -.' }),
  };
}
