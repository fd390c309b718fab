import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type ApiToken, revokeToken, tokensQuery } from '../../api/tokens.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { Copyable } from '../../ui/copy.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Loaded, useRefresh } from '../../ui/loaded.tsx';
import { OwnersOnly, roleName, useOwned, useSpaceNames } from '../../ui/owned.tsx';
import { Page } from '../../ui/page.tsx';
import { useShownOnce } from '../../ui/shown-once.ts';
import { Time } from '../../ui/time.tsx';
import { NewToken } from './new-token.tsx';

/** Keys for programs, with the same three roles as people. */
export function ApiTokens(): ReactNode {
  const [making, setMaking] = useState(false);
  const { everything, spaces } = useOwned();
  const may = everything || spaces.length > 0;
  const create = (
    <Button disabled={!may} onClick={() => setMaking(true)}>
      New token
    </Button>
  );
  return (
    <Page title="API tokens" actions={create}>
      <OwnersOnly what="API tokens">
        <Tokens />
        <NewToken opened={making} onClose={() => setMaking(false)} />
      </OwnersOnly>
    </Page>
  );
}

function Tokens(): ReactNode {
  const [chosen, setChosen] = useState<ApiToken>();
  const refresh = useRefresh();
  return (
    <>
      <Loaded query={useQuery(tokensQuery)} height={240}>
        {(found) =>
          found.length === 0 ? (
            <EmptyState says="No API tokens." why="A program that uses Usher's API needs one; people do not." />
          ) : (
            <TokenTable tokens={found} revoke={setChosen} />
          )
        }
      </Loaded>
      <Confirm
        opened={chosen !== undefined}
        onClose={() => setChosen(undefined)}
        title={`Revoke the token ${chosen?.name ?? ''}?`}
        action="Revoke token"
        danger
        act={async () => {
          if (chosen) await revokeToken(chosen.id);
          await refresh();
          setChosen(undefined);
        }}
      >
        <p>Whatever uses it is refused within 5 s. What it changed stays.</p>
      </Confirm>
    </>
  );
}

function TokenTable({ tokens, revoke }: { tokens: readonly ApiToken[]; revoke: (token: ApiToken) => void }): ReactNode {
  const nameOf = useSpaceNames();
  const columns: readonly Column<ApiToken>[] = [
    {
      name: 'Name',
      cell: ({ id, name }) => (
        <>
          {name}
          <TokenText id={id} />
        </>
      ),
    },
    { name: 'Role', cell: ({ role }) => roleName(role) },
    { name: 'Space', cell: ({ spaceId }) => nameOf(spaceId) },
    { name: 'Expires', cell: ({ expiresAt }) => (expiresAt === null ? 'Never' : <Time at={expiresAt} />) },
    { name: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt === null ? 'Never' : <Time at={lastUsedAt} />) },
    {
      name: 'Actions',
      nameHidden: true,
      align: 'right',
      cell: (token) => (
        <Button size="compact-sm" variant="default" aria-label={`Revoke ${token.name}`} onClick={() => revoke(token)}>
          Revoke
        </Button>
      ),
    },
  ];
  return <DataTable label="API tokens" columns={columns} rows={tokens} rowKey={({ id }) => id} />;
}

/** Only while the page that made it is open. */
function TokenText({ id }: { id: string }): ReactNode {
  const text = useShownOnce(id);
  if (text === undefined) return null;
  return (
    <div role="status">
      <Copyable text={text} of="API token" />
      <div>Shown once. Copy it now.</div>
    </div>
  );
}
