import { PasswordInput, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { acceptInvitation, joinByInvitation, readInvitation } from '../../api/accounts.ts';
import { ApiError, hasProblem } from '../../api/errors.ts';
import { type Me, meQuery } from '../../api/session.ts';
import { type FieldProblems, Form, SaveButton } from '../../ui/form.tsx';
import { useLinkToken } from '../../ui/link-token.ts';
import { TextLink } from '../../ui/links.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { roleName } from '../../ui/owned.tsx';
import { Problem } from '../../ui/problem.tsx';
import { Threshold } from '../../ui/threshold.tsx';

type Offer = Awaited<ReturnType<typeof readInvitation>>;

/** What a link of an owner leads to: a new account, or more roles for the one that is signed in. */
export function Invite(): ReactNode {
  const token = useLinkToken();
  const offer = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => readInvitation(token),
    enabled: token !== '',
    staleTime: Number.POSITIVE_INFINITY,
  });
  const me = useQuery(meQuery);
  if (token === '' || offer.error instanceof ApiError) {
    return (
      <Threshold title="Invitation">
        <Problem
          happened={offer.error?.message ?? 'This link is not complete.'}
          next={<TextLink to="/sign-in">Sign in</TextLink>}
        />
      </Threshold>
    );
  }
  return (
    <Loaded query={offer} height={400}>
      {(found) => (
        <Threshold title="You are invited to Usher" lead={words(found)}>
          {me.data?.signedIn ? <Join token={token} me={me.data} /> : <NewAccount token={token} />}
        </Threshold>
      )}
    </Loaded>
  );
}

const words = ({ spaces }: Offer): string =>
  `${spaces.map(({ name, role }) => `${roleName(role)} of ${name ?? 'all spaces'}`).join(', ')}.`;

function useEntering(): () => Promise<void> {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    queries.clear();
    await navigate({ to: '/', replace: true });
  };
}

function Join({ token, me }: { token: string; me: Me }): ReactNode {
  const enter = useEntering();
  const submit = async (): Promise<void> => {
    await joinByInvitation(token);
    await enter();
  };
  return (
    <Form label="Accept the invitation" submit={submit} explain={explain}>
      {({ sending }) => (
        <>
          <p>You are signed in as {me.user?.email}. These roles are added to yours.</p>
          <SaveButton sending={sending} fullWidth>
            Accept invitation
          </SaveButton>
        </>
      )}
    </Form>
  );
}

function NewAccount({ token }: { token: string }): ReactNode {
  const enter = useEntering();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const submit = async (): Promise<void> => {
    await acceptInvitation({ token, email: email.trim(), password });
    await enter();
  };
  return (
    <Form label="Create your account" check={() => check(email, password)} submit={submit} explain={explain}>
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

function explain(error: unknown): ReactNode | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const next = hasProblem(error, 'used-link') ? <TextLink to="/sign-in">Sign in</TextLink> : undefined;
  return <Problem happened={error.message} kept="Your entries are still here." next={next} />;
}
