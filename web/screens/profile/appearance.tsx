import { type MantineColorScheme, SegmentedControl, useMantineColorScheme } from '@mantine/core';
import type { ReactNode } from 'react';
import { Section } from '../../ui/page.tsx';

const schemes: { value: MantineColorScheme; label: string }[] = [
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
  { value: 'auto', label: 'System' },
];

/** The same switch as in the user menu; times need no setting, they are the browser's. */
export function Appearance(): ReactNode {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return (
    <Section title="Appearance" lead={`Times are shown in the zone of this browser: ${timeZone}.`}>
      <SegmentedControl
        aria-label="Appearance"
        data={schemes}
        value={colorScheme}
        onChange={(value) => setColorScheme(value as MantineColorScheme)}
      />
    </Section>
  );
}
