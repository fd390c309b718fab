import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { confirmPassword } from '../api/session.ts';
import { openPasswordGate, openSignInGate, usePasswordGate, useSignInGate } from '../api/session-gate.ts';
import { PasswordForm } from '../ui/password-form.tsx';
import { SignInForm } from '../ui/sign-in-form.tsx';

/** The session is over: the form opens over the page, and after it the page goes on with what was typed in it. */
export function SignInAgain(): ReactNode {
  const gate = useSignInGate();
  return (
    <Modal
      opened={gate !== null}
      onClose={() => {}}
      title="Sign in again"
      closeOnEscape={false}
      closeOnClickOutside={false}
      withCloseButton={false}
    >
      <p>Your session is over. What you typed stays on this page.</p>
      <SignInForm onSignedIn={openSignInGate} />
    </Modal>
  );
}

/** A sensitive step, some time after the last sign-in. */
export function ConfirmPassword(): ReactNode {
  const gate = usePasswordGate();
  return (
    <Modal opened={gate !== null} onClose={() => openPasswordGate(false)} title="Enter your password">
      <PasswordForm
        confirm={async (password) => {
          await confirmPassword(password);
          openPasswordGate(true);
        }}
      />
    </Modal>
  );
}
