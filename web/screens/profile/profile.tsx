import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { changeName } from '../../api/profile.ts';
import { type Me, meQuery } from '../../api/session.ts';
import { Form, FormActions, SaveButton } from '../../ui/form.tsx';
import { Loaded, useRefresh } from '../../ui/loaded.tsx';
import { Page, Section } from '../../ui/page.tsx';
import { confirmed } from '../../ui/toast.ts';
import { Appearance } from './appearance.tsx';
import { Password } from './password.tsx';
import { Sessions } from './sessions.tsx';
import { TwoStep } from './two-step.tsx';

type Account = NonNullable<Me['user']>;

/** One's own account. */
export function Profile(): ReactNode {
  return (
    <Page title="Profile" width="form">
      <Loaded query={useQuery(meQuery)} height={600}>
        {({ user }) =>
          user && (
            <>
              <Name user={user} />
              <Password email={user.email} />
              <TwoStep on={user.twoStep} />
              <Sessions />
              <Appearance />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function Name({ user }: { user: Account }): ReactNode {
  const refresh = useRefresh();
  const [name, setName] = useState(user.name);
  const submit = async (): Promise<void> => {
    await changeName(name.trim());
    await refresh();
    confirmed('Name saved.');
  };
  return (
    <Section title="Name" lead={`You sign in as ${user.email}.`}>
      <Form
        label="Name"
        submit={submit}
        check={() => (name.trim() === '' ? { name: 'Colleagues see this name; it cannot be empty.' } : {})}
      >
        {({ problems, sending }) => (
          <>
            <TextInput
              label="Name"
              name="name"
              autoComplete="name"
              error={problems['name']}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            {name !== user.name && (
              <FormActions>
                <SaveButton sending={sending}>Save name</SaveButton>
                <Button variant="default" onClick={() => setName(user.name)}>
                  Discard
                </Button>
              </FormActions>
            )}
          </>
        )}
      </Form>
    </Section>
  );
}
