import { Anchor, Button } from '@mantine/core';
import { createLink } from '@tanstack/react-router';

/** Links to pages of the app, typed by the router: an address that does not exist does not compile. */
export const TextLink = createLink(Anchor<'a'>);
export const ButtonLink = createLink(Button<'a'>);
