import { Button, Switch, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { changeSource, deleteSource, type Source } from '../../api/sources.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { Form, FormActions, SaveButton } from '../../ui/form.tsx';
import { useRefresh, useRefreshWithout } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { useMay } from '../../ui/space.ts';
import { confirmed } from '../../ui/toast.ts';
import { WriteKeys } from './write-keys.tsx';

export function Settings({ source }: { source: Source }): ReactNode {
  return (
    <div style={{ maxWidth: 640 }}>
      <NameAndState key={source.id} source={source} />
      <WriteKeys source={source} />
      <Deletion source={source} />
    </div>
  );
}

function NameAndState({ source }: { source: Source }): ReactNode {
  const may = useMay('editor');
  const refresh = useRefresh();
  const [name, setName] = useState(source.name);
  const [enabled, setEnabled] = useState(source.enabled);
  const changed = name !== source.name || enabled !== source.enabled;
  const submit = async (): Promise<void> => {
    await changeSource(source.id, { name: name.trim(), enabled });
    await refresh();
    confirmed('Source saved.');
  };
  return (
    <Form label="Source" submit={submit} check={() => (name.trim() === '' ? { name: 'Give the source a name.' } : {})}>
      {({ problems, sending }) => (
        <>
          <TextInput
            label="Source name"
            name="name"
            readOnly={!may}
            error={problems['name']}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Switch
            label="Enabled"
            description="Off: its events are answered as usual, counted and not kept."
            checked={enabled}
            disabled={!may}
            onChange={(event) => setEnabled(event.currentTarget.checked)}
          />
          {changed && (
            <FormActions>
              <SaveButton sending={sending}>Save Changes</SaveButton>
              <Button
                variant="default"
                onClick={() => {
                  setName(source.name);
                  setEnabled(source.enabled);
                }}
              >
                Discard
              </Button>
            </FormActions>
          )}
        </>
      )}
    </Form>
  );
}

function Deletion({ source }: { source: Source }): ReactNode {
  const may = useMay('owner');
  const navigate = useNavigate();
  const refresh = useRefreshWithout();
  const [asking, dialog] = useDisclosure(false);
  const act = async (): Promise<void> => {
    await deleteSource(source.id);
    await navigate({ to: '/spaces/$space/connections/sources', params: { space: source.spaceId } });
    await refresh(source.id);
  };
  return (
    <Section title="Delete this source" lead="Its write keys stop within 5 seconds. Audiences and people stay.">
      <Button variant="outline" color="danger" disabled={!may} onClick={dialog.open}>
        Delete source
      </Button>
      <Confirm
        opened={asking}
        onClose={dialog.close}
        title={`Delete ${source.name}?`}
        action="Delete source"
        danger
        act={act}
      >
        <p>Events with its keys are dropped within 5 s; clients still get 200, as at Segment.</p>
      </Confirm>
    </Section>
  );
}
