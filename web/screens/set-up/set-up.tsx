import { PasswordInput, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { ApiError, hasProblem } from '../../api/errors.ts';
import { setUp } from '../../api/session.ts';
import { type FieldProblems, Form, SaveButton } from '../../ui/form.tsx';
import { useLinkToken } from '../../ui/link-token.ts';
import { TextLink } from '../../ui/links.tsx';
import { Problem } from '../../ui/problem.tsx';
import { Threshold } from '../../ui/threshold.tsx';

/** The first account, made with the one-time link that the server printed at its first start. */
export function SetUp(): ReactNode {
  const token = useLinkToken();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const submit = async (): Promise<void> => {
    await setUp({ token, email: email.trim(), password });
    queries.clear();
    await navigate({ to: '/', replace: true });
  };
  return (
    <Threshold title="Create the first account" lead="It owns this installation and can invite others.">
      <Form label="Create the first account" check={() => check(email, password)} submit={submit} explain={explain}>
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
    </Threshold>
  );
}

function check(email: string, password: string): FieldProblems {
  return {
    ...(/^\S+@\S+\.\S+$/.test(email.trim()) ? {} : { email: 'An e-mail address looks like ana@example.com.' }),
    ...(password.length >= 8 && password.length <= 128 ? {} : { password: 'A password has 8 to 128 characters.' }),
  };
}

function explain(error: unknown): ReactNode | undefined {
  if (!(error instanceof ApiError)) return undefined;
  if (hasProblem(error, 'used-link')) {
    return <Problem happened="This set-up link was used." next={<TextLink to="/sign-in">Sign in</TextLink>} />;
  }
  return <Problem happened={error.message} />;
}
