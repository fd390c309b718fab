import { Drawer } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';
import { ConfirmLeaving } from './confirm.tsx';

/**
 * What belongs to the page behind it and is done in one go. 480 px, the full screen under 768 px; `Esc` closes, and asks
 * first when something was typed. Focus returns to what opened it.
 */
export function SidePanel({
  opened,
  onClose,
  title,
  dirty = false,
  children,
}: {
  opened: boolean;
  onClose: () => void;
  title: string;
  dirty?: boolean;
  children: ReactNode;
}): ReactNode {
  const [asking, setAsking] = useState(false);
  const narrow = useMediaQuery('(max-width: 767px)');
  return (
    <>
      <Drawer
        opened={opened}
        onClose={() => (dirty ? setAsking(true) : onClose())}
        title={title}
        position="right"
        size={narrow ? '100%' : 480}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {children}
      </Drawer>
      <ConfirmLeaving
        opened={asking}
        stay={() => setAsking(false)}
        leave={() => {
          setAsking(false);
          onClose();
        }}
      />
    </>
  );
}
