import { Anchor, Button } from '@mantine/core';
import { createLink, useRouter } from '@tanstack/react-router';
import type { ComponentProps, MouseEvent, ReactNode } from 'react';

/** Links to pages of the app, typed by the router: an address that does not exist does not compile. */
export const TextLink = createLink(Anchor<'a'>);

/** A button that leads on. A real one, as Segment's guide calls it: Space presses it, and its words are read as a button's. */
export const ButtonLink = createLink(
  ({ href: _, ...props }: ComponentProps<typeof Button<'button'>> & { href?: string }) => <Button {...props} />,
);

/** The button that mends something; its address comes from the API, as a path of this app or of TikTok's pages. */
export function RemedyLink({ label, href }: { label: string; href: string }): ReactNode {
  const router = useRouter();
  const follow = (event: MouseEvent): void => {
    if (!href.startsWith('/') || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    router.history.push(href);
  };
  return (
    <Button component="a" size="xs" variant="default" href={href} onClick={follow}>
      {label}
    </Button>
  );
}
