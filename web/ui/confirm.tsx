import { Button, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { Form, FormActions, SaveButton } from './form.tsx';

/** A dialog with one question, one button that does it and one that does not. Buttons are verbs with an object. */
export function Confirm({
  opened,
  onClose,
  title,
  children,
  action,
  danger = false,
  possible = true,
  act,
}: {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** The words on the button that does it. */
  action: string;
  danger?: boolean;
  /** Whether what the dialog asks has been answered. */
  possible?: boolean;
  act: () => Promise<void>;
}): ReactNode {
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Form submit={act} kept="Nothing was changed." label={title}>
        {({ sending }) => (
          <>
            {children}
            <FormActions>
              <SaveButton sending={sending} disabled={!possible} {...(danger ? { color: 'danger' } : {})}>
                {action}
              </SaveButton>
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
            </FormActions>
          </>
        )}
      </Form>
    </Modal>
  );
}

/** Something was typed and not saved. */
export function ConfirmLeaving({
  opened,
  stay,
  leave,
}: {
  opened: boolean;
  stay: () => void;
  leave: () => void;
}): ReactNode {
  return (
    <Modal opened={opened} onClose={stay} title="Leave without saving?" withCloseButton={false} zIndex={300}>
      <p>What you changed here is not saved.</p>
      <FormActions>
        <Button data-autofocus onClick={stay}>
          Keep editing
        </Button>
        <Button variant="default" onClick={leave}>
          Discard
        </Button>
      </FormActions>
    </Modal>
  );
}
