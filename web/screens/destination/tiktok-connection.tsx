import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import {
  type Destination,
  destinationStatusQuery,
  resume,
  revoke,
  type TikTokAccount,
  tiktokAccountQuery,
} from '../../api/destinations.ts';
import { targetsQuery } from '../../api/targets.ts';
import { tiktokAppQuery } from '../../api/tiktok-app.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { ConnectTikTok } from '../../ui/connect-tiktok.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Loaded, useRefresh } from '../../ui/loaded.tsx';
import { OAuthOutcome } from '../../ui/oauth-outcome.tsx';
import { Card } from '../../ui/page.tsx';
import { Problem } from '../../ui/problem.tsx';
import { useMay } from '../../ui/space.ts';
import { Time } from '../../ui/time.tsx';
import { confirmed } from '../../ui/toast.ts';
import type { Changes } from './entries.ts';
import classes from './settings.module.css';

/** Card **TikTok connection**: out and back in the same tab; what was typed on the page comes back with it. */
export function TikTokConnection({ destination, changes }: { destination: Destination; changes: Changes }): ReactNode {
  const { oauth = '' } = useSearch({ strict: false });
  const app = useQuery(tiktokAppQuery).data;
  const { connected, missingPermissions } = destination.connection;
  const status = useQuery(destinationStatusQuery(destination.id)).data;
  const missing = connected && missingPermissions.some(({ id }) => id !== 100);
  const broken = connected && !missing && (status?.reason === 'reauth' || status?.reason === 'stopped');
  const draft = Object.keys(changes).length === 0 ? undefined : JSON.stringify(changes);
  const connect = (primary: boolean) => (
    <ConnectTikTok
      destination={destination}
      primary={primary}
      returnTo={`/spaces/${destination.spaceId}/connections/destinations/${destination.id}/settings`}
      draft={draft}
    />
  );
  return (
    <Card label="TikTok connection">
      <div className={classes['card']}>
        <h2 className={classes['title']}>TikTok connection</h2>
        <OAuthOutcome outcome={oauth} />
        {app?.configured === false && <NoApp />}
        {!connected && (
          <p className={classes['hint']}>
            You go to TikTok and come back here. Sign in as someone who is Admin or Operator, tick every ad account you
            want, leave all permissions on.
          </p>
        )}
        {missing && <MissingPermission destination={destination} />}
        {broken && (
          <Problem happened={status.message} kept={status.kept ?? 'Nothing was lost.'} next="Reconnect TikTok." />
        )}
        {connected && <Account destination={destination} announced={oauth === 'connected'} />}
        <div className={classes['row']}>
          {connect(!connected || missing || broken)}
          {connected && <CheckAgain destination={destination} />}
          {connected && <Disconnect destination={destination} />}
        </div>
      </div>
    </Card>
  );
}

/** E6 */
const NoApp = (): ReactNode => (
  <Problem
    level="attention"
    happened="Usher has no TikTok app yet."
    kept="You can finish everything else."
    next="An operator sets TIKTOK_APP_ID and TIKTOK_APP_SECRET."
  />
);

/** E2 */
function MissingPermission({ destination }: { destination: Destination }): ReactNode {
  const names = destination.connection.missingPermissions.map(({ name }) => `“${name}”`).join(' and ');
  return (
    <Problem
      happened={`TikTok connected, but without the permission ${names}.`}
      kept="Nothing was sent or lost."
      next="Reconnect and leave every permission ticked."
    />
  );
}

function Account({ destination, announced }: { destination: Destination; announced: boolean }): ReactNode {
  const account = useQuery(tiktokAccountQuery(destination));
  return (
    <>
      <p role={announced ? 'status' : undefined}>
        Connected as {account.data?.connectedAs ?? (account.isPending ? '…' : 'somebody TikTok does not name')},{' '}
        <Time at={destination.connection.connectedAt} />.
      </p>
      <Loaded query={account} height={96}>
        {(found) => <AdAccounts destination={destination} account={found} />}
      </Loaded>
    </>
  );
}

interface Row {
  readonly advertiserId: string;
  readonly name: string | null;
  readonly state: 'allowed' | 'refused' | 'unknown';
  readonly code: number | null;
  readonly owed: number;
}

function AdAccounts({ destination, account }: { destination: Destination; account: TikTokAccount }): ReactNode {
  const targets = useQuery(targetsQuery(destination.id)).data ?? [];
  const denied = destination.connection.missingPermissions.some(({ id }) => id !== 100);
  const rows = account.accounts.map(({ advertiserId, name, audiences, code }): Row => {
    const here = targets.filter((target) => target.advertiserId === advertiserId);
    const refused = denied || here.some(({ problem }) => problem === 'forbidden');
    const owed = here.reduce((sum, target) => sum + target.owed, 0);
    return { advertiserId, name, code, owed, state: refused ? 'refused' : audiences };
  });
  const granted = new Set(rows.map(({ advertiserId }) => advertiserId));
  const lacking = new Map<string, number>();
  for (const { advertiserId, owed, state } of targets)
    if (!granted.has(advertiserId) && state !== 'gone')
      lacking.set(advertiserId, (lacking.get(advertiserId) ?? 0) + owed);
  if (rows.length === 0)
    return <Problem happened="TikTok granted no ad account." next="Reconnect and tick at least one." />;
  const wrongRole = rows.filter(({ state }) => !denied && state === 'refused');
  return (
    <>
      <DataTable label="Ad accounts" columns={columns} rows={rows} rowKey={({ advertiserId }) => advertiserId} />
      {wrongRole.map(({ advertiserId, name, code, owed }) => (
        <Problem
          key={advertiserId}
          happened={`TikTok refuses changes in ${name ?? advertiserId}${account.connectedAs === null ? '' : ` for ${account.connectedAs}`}${code === null ? '' : ` (${code})`}.`}
          kept={`${owed} changes are kept.`}
          next={`The TikTok role is probably Analyst; it must be Admin or Operator. Ask an admin of ${name ?? advertiserId}, then Check again.`}
        />
      ))}
      {[...lacking].map(([advertiserId, owed]) => (
        <Problem
          key={advertiserId}
          happened={`Ad account ${advertiserId} is in use here, but this connection does not grant it.`}
          kept={`Its ${owed} changes are kept.`}
          next="Reconnect and tick it, or change the mappings."
        />
      ))}
    </>
  );
}

const words = { allowed: '✓ may manage audiences', refused: '✕ refused', unknown: 'TikTok did not say' };
const columns: readonly Column<Row>[] = [
  { name: 'Ad account', cell: ({ name, advertiserId }) => name ?? advertiserId },
  { name: 'Advertiser ID', cell: ({ advertiserId }) => <code>{advertiserId}</code> },
  { name: 'Permission', cell: ({ state }) => <span className={classes[state]}>{words[state]}</span> },
];

function CheckAgain({ destination }: { destination: Destination }): ReactNode {
  const may = useMay('editor');
  const refresh = useRefresh();
  const account = useQuery(tiktokAccountQuery(destination));
  const check = async (): Promise<void> => {
    await resume(destination.id);
    await refresh();
  };
  return (
    <Button variant="default" disabled={!may} loading={account.isFetching} onClick={() => void check()}>
      Check again
    </Button>
  );
}

function Disconnect({ destination }: { destination: Destination }): ReactNode {
  const may = useMay('owner');
  const refresh = useRefresh();
  const [asking, dialog] = useDisclosure(false);
  const act = async (): Promise<void> => {
    const { atTikTok } = await revoke(destination.id);
    await refresh();
    dialog.close();
    confirmed(atTikTok ? 'TikTok is disconnected.' : 'Disconnected here. Remove the app in TikTok, too.');
  };
  return (
    <>
      <Button variant="default" disabled={!may} onClick={dialog.open}>
        Disconnect
      </Button>
      <Confirm opened={asking} onClose={dialog.close} title="Disconnect TikTok?" action="Disconnect TikTok" act={act}>
        <p>Usher gives the permission back at TikTok and forgets it. Nobody is removed; what is owed is kept.</p>
      </Confirm>
    </>
  );
}
