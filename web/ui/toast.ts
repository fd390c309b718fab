import { notifications } from '@mantine/notifications';

/** Toasts only confirm; what went wrong stands where it happened. */
export const confirmed = (message: string): void =>
  void notifications.show({ message, withBorder: true, closeButtonProps: { 'aria-label': 'Close' } });
