import { PasswordInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { ApiError } from '../api/errors.ts';
import { Form, SaveButton } from './form.tsx';
import { Problem } from './problem.tsx';

/** Asks for the password once more. */
export function PasswordForm({ confirm }: { confirm: (password: string) => Promise<void> }): ReactNode {
  const [password, setPassword] = useState('');
  return (
    <Form
      label="Enter your password"
      submit={() => confirm(password)}
      explain={(error) => (error instanceof ApiError && error.status < 429 ? wrongPassword : undefined)}
    >
      {({ sending }) => (
        <>
          <p>This step needs it again, because your last sign-in is a while ago.</p>
          <PasswordInput
            label="Password"
            name="password"
            autoComplete="current-password"
            data-autofocus
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <SaveButton sending={sending}>Continue</SaveButton>
        </>
      )}
    </Form>
  );
}

const wrongPassword = <Problem happened="The password is not right." kept="Nothing was changed." />;
