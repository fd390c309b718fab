import type { ReactNode } from 'react';
import { ApiError, hasProblem } from '../../api/errors.ts';
import { setUp } from '../../api/session.ts';
import { AccountForm } from '../../ui/account-form.tsx';
import { useLinkToken } from '../../ui/link-token.ts';
import { TextLink } from '../../ui/links.tsx';
import { Problem } from '../../ui/problem.tsx';
import { Threshold } from '../../ui/threshold.tsx';

/** The first account, made with the one-time link that the server printed at its first start. */
export function SetUp(): ReactNode {
  const token = useLinkToken();
  return (
    <Threshold title="Create the first account" lead="It owns this installation and can invite others.">
      <AccountForm
        label="Create the first account"
        create={(account) => setUp({ token, ...account })}
        explain={explain}
      />
    </Threshold>
  );
}

function explain(error: unknown): ReactNode | undefined {
  if (!(error instanceof ApiError)) return undefined;
  if (hasProblem(error, 'used-link')) {
    return <Problem happened="This set-up link was used." next={<TextLink to="/sign-in">Sign in</TextLink>} />;
  }
  return <Problem happened={error.message} />;
}
