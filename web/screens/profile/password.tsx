import { PasswordInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { changePassword } from '../../api/profile.ts';
import { Form, FormActions, SaveButton } from '../../ui/form.tsx';
import { useRefresh } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { confirmed } from '../../ui/toast.ts';

export function Password({ email }: { email: string }): ReactNode {
  const refresh = useRefresh();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const submit = async (): Promise<void> => {
    // Right after a sign-in link there is no current one to type.
    await changePassword({ next, ...(current === '' ? {} : { current }) });
    setCurrent('');
    setNext('');
    await refresh();
    confirmed('Password changed. Your other sessions are signed out.');
  };
  return (
    <Section title="Password" lead="A new one signs you out everywhere else.">
      <Form
        label="Password"
        submit={submit}
        check={() => (next.length >= 8 && next.length <= 128 ? {} : { next: 'A password has 8 to 128 characters.' })}
      >
        {({ problems, sending }) => (
          <>
            {/* Password managers look for the account beside the password. */}
            <input type="hidden" autoComplete="username" value={email} readOnly />
            <PasswordInput
              label="Current password"
              description="Not needed right after a sign-in link."
              name="current"
              autoComplete="current-password"
              error={problems['current']}
              value={current}
              onChange={(event) => setCurrent(event.currentTarget.value)}
            />
            <PasswordInput
              label="New password"
              description="8 to 128 characters."
              name="next"
              autoComplete="new-password"
              error={problems['next']}
              value={next}
              onChange={(event) => setNext(event.currentTarget.value)}
            />
            <FormActions>
              <SaveButton sending={sending} variant="default">
                Change password
              </SaveButton>
            </FormActions>
          </>
        )}
      </Form>
    </Section>
  );
}
