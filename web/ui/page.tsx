import { Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import classes from './page.module.css';
import { useSpaceName } from './space.ts';

interface PageProps {
  /** Heading and first part of the window's title: `{title} · {space} · Usher`. */
  readonly title: string;
  /** Beside the heading: a key, a badge. */
  readonly aside?: ReactNode;
  /** Buttons at the right of the heading. */
  readonly actions?: ReactNode;
  /** Forms are narrow, so that lines stay readable. */
  readonly width?: 'form' | 'full';
  /** Where the keyboard starts; `content` where a field of the page takes the focus itself. */
  readonly focus?: 'heading' | 'content';
  readonly children: ReactNode;
}

/** The first page of a visit leaves the focus where the browser put it: before **Skip to content**. */
let visited = false;

/** Somebody has been on a page that is no `Page`: the sign-in, say. */
export const noteVisit = (): void => {
  visited = true;
};

/** Every page: its heading takes the focus when one comes to it, so that the keyboard and screen readers start here. */
export function Page({ title, aside, actions, width = 'full', focus = 'heading', children }: PageProps): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null);
  const space = useSpaceName();
  useEffect(() => {
    document.title = [title, space, 'Usher'].filter(Boolean).join(' · ');
  }, [title, space]);
  useEffect(() => {
    if (visited && focus === 'heading') heading.current?.focus({ preventScroll: true });
    visited = true;
  }, [focus]);
  return (
    <div className={classes['page']} data-width={width}>
      <header className={classes['header']}>
        <div className={classes['names']}>
          <Title order={1} ref={heading} tabIndex={-1}>
            {title}
          </Title>
          {aside}
        </div>
        {actions !== undefined && <div className={classes['actions']}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** A part of a page, with its heading. */
export function Section({
  title,
  lead,
  actions,
  children,
}: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}): ReactNode {
  return (
    <section className={classes['section']} aria-label={title}>
      <div className={classes['header']}>
        <Title order={2}>{title}</Title>
        {actions !== undefined && <div className={classes['actions']}>{actions}</div>}
      </div>
      {lead !== undefined && <p className={classes['lead']}>{lead}</p>}
      {children}
    </section>
  );
}

/** A bordered box for things that belong together. */
export function Card({ children, label }: { children: ReactNode; label?: string }): ReactNode {
  if (label === undefined) return <div className={classes['card']}>{children}</div>;
  return (
    <section className={classes['card']} aria-label={label}>
      {children}
    </section>
  );
}
