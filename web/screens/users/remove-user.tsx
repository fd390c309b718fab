import type { ReactNode } from 'react';
import { removeUser, type User } from '../../api/accounts.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { useRefresh } from '../../ui/loaded.tsx';
import { confirmed } from '../../ui/toast.ts';

export function RemoveUser({ user, onClose }: { user: User | undefined; onClose: () => void }): ReactNode {
  const refresh = useRefresh();
  return (
    <Confirm
      opened={user !== undefined}
      onClose={onClose}
      title={`Remove ${user?.name ?? ''}?`}
      action="Remove user"
      danger
      act={async () => {
        if (user) await removeUser(user.id);
        await refresh();
        confirmed('User removed.');
        onClose();
      }}
    >
      <p>
        The account and its sessions end at once. What this person did stays in the audit log, and all settings stay.
      </p>
    </Confirm>
  );
}
