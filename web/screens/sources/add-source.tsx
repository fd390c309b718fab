import { Button, Modal, Radio, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { createSource, type SourceKind } from '../../api/sources.ts';
import { type FieldProblems, Form, FormActions, SaveButton } from '../../ui/form.tsx';
import { rememberShownOnce } from '../../ui/shown-once.ts';
import { slugOf } from '../../ui/slug.ts';
import { kindWords, offeredKinds } from '../../ui/source-kinds.ts';
import { useSpace } from '../../ui/space.ts';

export function AddSource({ opened, onClose }: { opened: boolean; onClose: () => void }): ReactNode {
  return (
    <Modal opened={opened} onClose={onClose} title="Add source" closeButtonProps={{ 'aria-label': 'Close' }}>
      <SourceForm onClose={onClose} />
    </Modal>
  );
}

function SourceForm({ onClose }: { onClose: () => void }): ReactNode {
  const { id: space } = useSpace();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [kind, setKind] = useState<SourceKind>('webhook');
  const submit = async (): Promise<void> => {
    const source = await createSource(space, { name: name.trim(), slug: slugOf(name), kind });
    // A secret key is in this answer and in no other: Connect shows it as long as the page stays open.
    for (const { id, key } of source.writeKeys) if (key !== null) rememberShownOnce(id, key);
    await queries.invalidateQueries();
    const params = { space, source: source.id, tab: 'connect' };
    await navigate({ to: '/spaces/$space/connections/sources/$source/{-$tab}', params });
  };
  return (
    <Form label="Add source" check={() => check(name)} submit={submit}>
      {({ problems, sending }) => (
        <>
          <TextInput
            label="Source name"
            name="name"
            data-autofocus
            error={problems['name'] ?? problems['slug']}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Radio.Group label="Kind" value={kind} onChange={(value) => setKind(value as SourceKind)}>
            <Stack gap="xs" mt="xs">
              {offeredKinds.map((one) => (
                <Radio key={one} value={one} label={kindWords[one].name} description={kindWords[one].says} />
              ))}
            </Stack>
          </Radio.Group>
          <FormActions>
            <SaveButton sending={sending}>Create source</SaveButton>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
          </FormActions>
        </>
      )}
    </Form>
  );
}

const check = (name: string): FieldProblems =>
  slugOf(name) === '' ? { name: 'Give the source a name with a Latin letter or a digit in it.' } : {};
