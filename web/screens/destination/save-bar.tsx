import { Button } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { ConfirmLeaving } from '../../ui/confirm.tsx';
import { SaveButton } from '../../ui/form.tsx';
import classes from './settings.module.css';

/** There only while something is changed; Ctrl+S saves, and leaving asks. */
export function SaveBar({ sending, discard }: { sending: boolean; discard: () => void }): ReactNode {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key !== 's' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      document.querySelector<HTMLFormElement>('form[aria-label="Destination settings"]')?.requestSubmit();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
  const leaving = useBlocker({
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname,
    // The way to TikTok leaves the page with what was typed; the browser must not ask about that.
    enableBeforeUnload: false,
    withResolver: true,
  });
  return (
    <div className={classes['bar']}>
      <Button variant="default" onClick={discard}>
        Discard
      </Button>
      <SaveButton sending={sending}>Save Changes</SaveButton>
      <ConfirmLeaving
        opened={leaving.status === 'blocked'}
        stay={() => leaving.reset?.()}
        leave={() => leaving.proceed?.()}
      />
    </div>
  );
}
