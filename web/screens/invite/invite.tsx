import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { acceptInvitation, joinByInvitation, readInvitation } from '../../api/accounts.ts';
import { ApiError, hasProblem } from '../../api/errors.ts';
import { type Me, meQuery } from '../../api/session.ts';
import { AccountForm, useEntering } from '../../ui/account-form.tsx';
import { Form, SaveButton } from '../../ui/form.tsx';
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
  return (
    <AccountForm
      label="Create your account"
      create={(account) => acceptInvitation({ token, ...account })}
      explain={explain}
    />
  );
}

function explain(error: unknown): ReactNode | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const next = hasProblem(error, 'used-link') ? <TextLink to="/sign-in">Sign in</TextLink> : undefined;
  return <Problem happened={error.message} kept="Your entries are still here." next={next} />;
}
