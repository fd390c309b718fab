import { Checkbox, Stack, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { type Grant, invite, type NewInvitation, type Role } from '../../api/accounts.ts';
import { Copyable } from '../../ui/copy.tsx';
import { Form, FormActions, SaveButton } from '../../ui/form.tsx';
import { useRefresh } from '../../ui/loaded.tsx';
import { useOwned } from '../../ui/owned.tsx';
import { RoleRadios } from '../../ui/role-fields.tsx';
import { SidePanel } from '../../ui/side-panel.tsx';

/** Role and spaces make a link, which is shown once. */
export function InvitePanel({ opened, onClose }: { opened: boolean; onClose: () => void }): ReactNode {
  const [made, setMade] = useState<NewInvitation>();
  const close = () => {
    setMade(undefined);
    onClose();
  };
  return (
    <SidePanel opened={opened} onClose={close} title="Invite">
      {made === undefined ? <InviteForm done={setMade} /> : <MadeLink invitation={made} />}
    </SidePanel>
  );
}

const everywhere = 'all';

function InviteForm({ done }: { done: (made: NewInvitation) => void }): ReactNode {
  const { everything, spaces } = useOwned();
  const refresh = useRefresh();
  const [note, setNote] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [chosen, setChosen] = useState<readonly string[]>(spaces.length === 1 ? spaces.map(({ id }) => id) : []);
  const submit = async (): Promise<void> => {
    const grants: Grant[] = chosen.includes(everywhere)
      ? [{ spaceId: null, role }]
      : chosen.map((spaceId) => ({ spaceId, role }));
    done(await invite(grants, note.trim()));
    await refresh();
  };
  return (
    <Form
      label="Invite"
      submit={submit}
      check={() => (chosen.length === 0 ? { spaces: 'Choose at least one space.' } : {})}
    >
      {({ problems, sending }) => (
        <>
          <TextInput
            label="For whom"
            description="A note for the list of invitations. Nothing is sent to anybody."
            name="note"
            autoComplete="off"
            error={problems['note']}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <RoleRadios value={role} onChange={setRole} />
          <Checkbox.Group label="Spaces" value={[...chosen]} onChange={setChosen} error={problems['spaces']}>
            <Stack gap="xs" mt="xs">
              {everything && <Checkbox name="spaces" value={everywhere} label="All spaces, also later ones" />}
              {spaces.map(({ id, name }) => (
                <Checkbox key={id} name="spaces" value={id} label={name} disabled={chosen.includes(everywhere)} />
              ))}
            </Stack>
          </Checkbox.Group>
          <FormActions>
            <SaveButton sending={sending}>Create link</SaveButton>
          </FormActions>
        </>
      )}
    </Form>
  );
}

function MadeLink({ invitation }: { invitation: NewInvitation }): ReactNode {
  return (
    <Stack role="status">
      <p>This link lets one person in, within 7 days. It is shown once: copy it now, and send it to nobody else.</p>
      <Copyable text={invitation.link} name="Copy link" />
    </Stack>
  );
}
