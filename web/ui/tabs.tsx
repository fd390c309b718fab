import { Tabs } from '@mantine/core';
import { Link, type LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';

interface PageTab {
  readonly value: string;
  readonly name: string;
  readonly link: Pick<LinkProps, 'to' | 'params'>;
}

/** The tabs of a page are addresses, so that a link leads to one. Arrows move, Enter opens. */
export function PageTabs({
  label,
  current,
  tabs,
  children,
}: {
  label: string;
  current: string;
  tabs: readonly PageTab[];
  children: ReactNode;
}): ReactNode {
  return (
    <Tabs value={current} activateTabWithKeyboard={false}>
      <Tabs.List aria-label={label} mb="md">
        {tabs.map(({ value, name, link }) => (
          <Tabs.Tab
            key={value}
            value={value}
            renderRoot={(props) => (
              <Link {...link} search={(before) => ({ audience: before['audience'] })} {...props} />
            )}
          >
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={current}>{children}</Tabs.Panel>
    </Tabs>
  );
}
