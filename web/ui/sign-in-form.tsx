import { PasswordInput, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { ApiError, hasProblem } from '../api/errors.ts';
import { signIn } from '../api/session.ts';
import { Form, SaveButton } from './form.tsx';
import { Problem } from './problem.tsx';

/** One answer for every wrong pair, so that nobody learns which accounts there are. */
export function SignInForm({ onSignedIn }: { onSignedIn: () => void }): ReactNode {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [asksCode, setAsksCode] = useState(false);
  const submit = async (): Promise<void> => {
    try {
      await signIn({ email, password, ...(code === '' ? {} : { code }) });
      onSignedIn();
    } catch (error) {
      if (hasProblem(error, 'code-needed')) return setAsksCode(true);
      throw error;
    }
  };
  return (
    <Form label="Sign in" submit={submit} explain={explain}>
      {({ sending }) => (
        <>
          <TextInput
            label="E-mail"
            name="email"
            type="email"
            autoComplete="username"
            required
            withAsterisk={false}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            name="password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {asksCode && (
            <TextInput
              label="Six-digit code"
              description="From your authenticator app, or one of your recovery codes."
              name="code"
              autoComplete="one-time-code"
              autoFocus
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
            />
          )}
          <SaveButton sending={sending} fullWidth>
            Sign in
          </SaveButton>
        </>
      )}
    </Form>
  );
}

function explain(error: unknown): ReactNode | undefined {
  return error instanceof ApiError ? <Problem happened={error.message} /> : undefined;
}
