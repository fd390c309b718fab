import { Radio, Stack } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Destination, type TikTokAccount, tiktokAccountQuery } from '../../api/destinations.ts';
import { makePair } from '../../api/mapping-pairs.ts';
import { mappingsQuery } from '../../api/mappings.ts';
import { ConnectTikTok } from '../../ui/connect-tiktok.tsx';
import { Form, FormActions, SaveButton } from '../../ui/form.tsx';
import { Loaded, useRefresh } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { Problem } from '../../ui/problem.tsx';
import { useMay } from '../../ui/space.ts';

type Account = TikTokAccount['accounts'][number];

/** Screen 2. **Continue** makes the pair of mappings that serves all audiences. */
export function ChooseAccount({
  destination,
  choose,
}: {
  destination: Destination;
  choose: (advertiserId: string) => void;
}): ReactNode {
  const account = useQuery(tiktokAccountQuery(destination));
  const missing = destination.connection.missingPermissions.filter(({ id }) => id !== 100);
  const again = (
    <ConnectTikTok
      destination={destination}
      primary
      returnTo={`/spaces/${destination.spaceId}/quick-connect?destination=${destination.id}`}
    />
  );
  if (missing.length > 0) {
    const names = missing.map(({ name }) => `“${name}”`).join(' and ');
    return (
      <Problem
        happened={`TikTok connected, but without the permission ${names}.`}
        kept="Nothing was sent or lost. Reconnect and leave every permission ticked."
        next={again}
      />
    );
  }
  return (
    <Section title="Choose an ad account" lead="Step 2 of 3. TikTok audiences are made in this ad account.">
      <Loaded query={account} height={160}>
        {({ accounts, connectedAs }) =>
          accounts.length === 0 ? (
            <Problem
              happened={`${connectedAs ?? 'TikTok'} granted no ad account.`}
              kept="Reconnect and tick at least one."
              next={again}
            />
          ) : (
            <AccountForm destination={destination} accounts={accounts} choose={choose} />
          )
        }
      </Loaded>
    </Section>
  );
}

function AccountForm({
  destination,
  accounts,
  choose,
}: {
  destination: Destination;
  accounts: readonly Account[];
  choose: (advertiserId: string) => void;
}): ReactNode {
  const may = useMay('editor');
  const refresh = useRefresh();
  const queries = useQueryClient();
  const usable = accounts.filter(({ audiences }) => audiences !== 'refused');
  const [chosen, setChosen] = useState(usable.length === 1 ? usable[0]?.advertiserId : undefined);
  const submit = async (): Promise<void> => {
    if (chosen === undefined) return;
    await makePair(destination.id, await queries.fetchQuery(mappingsQuery(destination.id)));
    await refresh();
    choose(chosen);
  };
  return (
    <Form
      label="Choose an ad account"
      submit={submit}
      check={() => (chosen === undefined ? { advertiser: 'Choose an ad account.' } : {})}
    >
      {({ problems, sending }) => (
        <>
          <Radio.Group
            label="Ad account"
            name="advertiser"
            error={problems['advertiser']}
            value={chosen ?? null}
            onChange={setChosen}
          >
            <Stack gap="xs" mt="xs">
              {accounts.map((account) => (
                <Radio
                  key={account.advertiserId}
                  value={account.advertiserId}
                  label={account.name ?? account.advertiserId}
                  description={`Advertiser ID ${account.advertiserId} · ${words[account.audiences]}`}
                  disabled={account.audiences === 'refused'}
                />
              ))}
            </Stack>
          </Radio.Group>
          <FormActions>
            <SaveButton sending={sending} disabled={!may}>
              Continue
            </SaveButton>
          </FormActions>
        </>
      )}
    </Form>
  );
}

const words: Record<Account['audiences'], string> = {
  allowed: '✓ may manage audiences',
  refused: 'TikTok refuses changes here: the role is probably Analyst; it must be Admin or Operator',
  unknown: 'TikTok did not answer; your connection is kept',
};
