import { Stack } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { createSignInLink, type User } from '../../api/accounts.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { Copyable } from '../../ui/copy.tsx';
import { SidePanel } from '../../ui/side-panel.tsx';

/** For somebody who lost their password: a link that signs in once. */
export function SignInLink({ user, onClose }: { user: User | undefined; onClose: () => void }): ReactNode {
  const [link, setLink] = useState<string>();
  const close = () => {
    setLink(undefined);
    onClose();
  };
  return (
    <>
      <Confirm
        opened={user !== undefined && link === undefined}
        onClose={close}
        title={`Make a sign-in link for ${user?.name ?? ''}?`}
        action="Make link"
        act={async () => {
          if (user) setLink((await createSignInLink(user.id)).link);
        }}
      >
        <p>It signs this person in once, within 24 hours, to set a new password. The old password stays until then.</p>
      </Confirm>
      <SidePanel opened={link !== undefined} onClose={close} title={`Sign-in link for ${user?.name ?? ''}`}>
        <Stack role="status">
          <p>Shown once. Copy it now, and give it to {user?.name} only: whoever has it is signed in.</p>
          {link !== undefined && <Copyable text={link} name="Copy link" />}
        </Stack>
      </SidePanel>
    </>
  );
}
