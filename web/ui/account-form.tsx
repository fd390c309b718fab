import { PasswordInput, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { type FieldProblems, Form, SaveButton } from './form.tsx';

/** Who has just signed in sees nothing that was read before, and starts at the front. */
export function useEntering(): () => Promise<void> {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    queries.clear();
    await navigate({ to: '/', replace: true });
  };
}

/** A new account, made with a link: the first one, or an invited one. */
export function AccountForm({
  label,
  create,
  explain,
}: {
  label: string;
  create: (account: { email: string; password: string }) => Promise<unknown>;
  explain: (error: unknown) => ReactNode | undefined;
}): ReactNode {
  const enter = useEntering();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const submit = async (): Promise<void> => {
    await create({ email: email.trim(), password });
    await enter();
  };
  return (
    <Form label={label} check={() => check(email, password)} submit={submit} explain={explain}>
      {({ problems, sending }) => (
        <>
          <TextInput
            label="E-mail"
            name="email"
            type="email"
            autoComplete="username"
            error={problems['email']}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            description="8 to 128 characters. A password manager may fill it in."
            name="password"
            autoComplete="new-password"
            error={problems['password']}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <SaveButton sending={sending} fullWidth>
            Create account
          </SaveButton>
        </>
      )}
    </Form>
  );
}

function check(email: string, password: string): FieldProblems {
  return {
    ...(/^\S+@\S+\.\S+$/.test(email.trim()) ? {} : { email: 'An e-mail address looks like ana@example.com.' }),
    ...(password.length >= 8 && password.length <= 128 ? {} : { password: 'A password has 8 to 128 characters.' }),
  };
}
