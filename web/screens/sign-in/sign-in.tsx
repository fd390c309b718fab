import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { SignInForm } from '../../ui/sign-in-form.tsx';
import { Threshold } from '../../ui/threshold.tsx';

export function SignIn(): ReactNode {
  const { next } = useSearch({ strict: false });
  const navigate = useNavigate();
  const queries = useQueryClient();
  return (
    <Threshold title="Sign in">
      <SignInForm
        onSignedIn={() => {
          queries.clear();
          void navigate({ href: isOwnAddress(next) ? next : '/', replace: true });
        }}
      />
    </Threshold>
  );
}

/** `?next=` comes from a link that anybody may have made: it leads to pages of this app and nowhere else. */
const isOwnAddress = (address: string | undefined): address is string =>
  address !== undefined && /^\/(?![/\\])/.test(address);
