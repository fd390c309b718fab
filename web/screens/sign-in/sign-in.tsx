import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { signInByLink } from '../../api/session.ts';
import { useLinkToken } from '../../ui/link-token.ts';
import { RequestProblem } from '../../ui/problem.tsx';
import { SignInForm } from '../../ui/sign-in-form.tsx';
import { Threshold } from '../../ui/threshold.tsx';

/** By password, or by a link that signs in once. */
export function SignIn(): ReactNode {
  const { next } = useSearch({ strict: false });
  const token = useLinkToken();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const enter = async (): Promise<void> => {
    queries.clear();
    await navigate({ href: isOwnAddress(next) ? next : '/', replace: true });
  };
  const failure = useLink(token, enter);
  if (token !== '' && failure === null) return <Threshold title="Signing in …">{null}</Threshold>;
  return (
    <Threshold title="Sign in">
      {failure !== null && <RequestProblem error={failure} />}
      <SignInForm onSignedIn={() => void enter()} />
    </Threshold>
  );
}

/** Uses the link's secret once; gives what went wrong. */
function useLink(token: string, enter: () => Promise<void>): unknown {
  const [failure, setFailure] = useState<unknown>(null);
  const used = useRef(false);
  useEffect(() => {
    if (token === '' || used.current) return;
    used.current = true;
    signInByLink(token).then(enter, setFailure);
  }, [token, enter]);
  return failure;
}

/** `?next=` comes from a link that anybody may have made: it leads to pages of this app and nowhere else. */
const isOwnAddress = (address: string | undefined): address is string =>
  address !== undefined && /^\/(?![/\\])/.test(address);
