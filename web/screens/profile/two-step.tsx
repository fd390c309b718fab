import { Button, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';
import { beginTwoStep, confirmTwoStep, endTwoStep } from '../../api/profile.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Copyable } from '../../ui/copy.tsx';
import { Form, FormActions, SaveButton } from '../../ui/form.tsx';
import { useRefresh } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { RequestProblem } from '../../ui/problem.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';

/** A six-digit code beside the password. */
export function TwoStep({ on }: { on: boolean }): ReactNode {
  const [codes, setCodes] = useState<readonly string[]>();
  return (
    <Section title="Two-step sign-in" lead="Signing in asks for a code of your authenticator app as well.">
      {codes !== undefined && <RecoveryCodes codes={codes} />}
      {on ? <TurnOff off={() => setCodes(undefined)} /> : <TurnOn on={setCodes} />}
    </Section>
  );
}

function TurnOn({ on }: { on: (codes: readonly string[]) => void }): ReactNode {
  const refresh = useRefresh();
  const [begun, setBegun] = useState<{ secret: string; uri: string }>();
  const [failure, setFailure] = useState<unknown>(null);
  const [code, setCode] = useState('');
  const begin = async (): Promise<void> => {
    setFailure(null);
    try {
      setBegun(await beginTwoStep());
    } catch (error) {
      setFailure(error);
    }
  };
  const submit = async (): Promise<void> => {
    on(await confirmTwoStep(code.trim()));
    await refresh();
  };
  if (begun === undefined) {
    return (
      <>
        {failure !== null && <RequestProblem error={failure} kept="Two-step sign-in is as it was." />}
        <Button variant="default" onClick={() => void begin()}>
          Turn on
        </Button>
      </>
    );
  }
  return (
    <Form label="Two-step sign-in" submit={submit}>
      {({ problems, sending }) => (
        <>
          <p>
            Enter this secret in your authenticator app, or <a href={begun.uri}>open it there</a>. Then type the code
            that it shows.
          </p>
          <Copyable text={begun.secret} of="secret" />
          <TextInput
            label="Six-digit code"
            name="code"
            autoComplete="one-time-code"
            inputMode="numeric"
            error={problems['code']}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
          <FormActions>
            <SaveButton sending={sending}>Turn on two-step sign-in</SaveButton>
            <Button variant="default" onClick={() => setBegun(undefined)}>
              Cancel
            </Button>
          </FormActions>
        </>
      )}
    </Form>
  );
}

function TurnOff({ off }: { off: () => void }): ReactNode {
  const refresh = useRefresh();
  const [asking, dialog] = useDisclosure(false);
  return (
    <>
      <p>
        <StatusBadge tone="good">On</StatusBadge>
      </p>
      <Button variant="default" onClick={dialog.open}>
        Turn off
      </Button>
      <Confirm
        opened={asking}
        onClose={dialog.close}
        title="Turn two-step sign-in off?"
        action="Turn off"
        danger
        act={async () => {
          await endTwoStep();
          off();
          await refresh();
          dialog.close();
        }}
      >
        <p>Your password alone signs you in then. The recovery codes end.</p>
      </Confirm>
    </>
  );
}

function RecoveryCodes({ codes }: { codes: readonly string[] }): ReactNode {
  return (
    <div role="status">
      <p>
        Recovery codes, shown once. Each of them signs you in once without the app. Keep them where your phone is not.
      </p>
      <CodeBlock label="recovery codes" code={codes.join('\n')} />
    </div>
  );
}
