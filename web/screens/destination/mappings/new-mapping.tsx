import { Button, Modal } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Destination } from '../../../api/destinations.ts';
import { Problem } from '../../../ui/problem.tsx';
import classes from './mappings.module.css';

const options = [
  { slug: 'addUser', name: 'Add Users', says: 'One pair per audience. Segment’s first guide uses these.' },
  { slug: 'removeUser', name: 'Remove Users', says: 'The other half: takes out who leaves the audience.' },
  {
    slug: 'addToAudience',
    name: 'Add to Audience',
    says: 'One pair for all audiences. Segment’s newer guide (native).',
  },
  { slug: 'removeFromAudience', name: 'Remove from Audience', says: 'The other half of it, for all audiences.' },
  { slug: 'syncAudience', name: 'Sync Audience', says: 'One mapping that adds and removes.' },
  { slug: 'createAudience', name: 'Create Audience', says: 'Makes an empty TikTok audience by hand.' },
];

/** Chooses the action; the mapping itself is made when the editor saves, so that an abandoned one leaves nothing behind. */
export function NewMapping({
  opened,
  onClose,
  destination,
  max,
  full,
  onOnePair,
}: {
  opened: boolean;
  onClose: () => void;
  destination: Destination;
  max: number;
  full: boolean;
  /** The way out of a full destination; undefined: there is nothing to convert. */
  onOnePair: (() => void) | undefined;
}): ReactNode {
  const navigate = useNavigate();
  const open = (action: string): void =>
    void navigate({
      to: '/spaces/$space/connections/destinations/$destination/mappings/$mapping',
      params: { space: destination.spaceId, destination: destination.id, mapping: 'new' },
      search: ({ audience }) => ({ audience, action }),
    });
  return (
    <Modal opened={opened} onClose={onClose} title="New Mapping" closeButtonProps={{ 'aria-label': 'Close' }}>
      {full ? (
        <Problem
          happened={`All ${max} mappings of this destination are in use.`}
          kept="Everything that runs goes on. One pair can serve all audiences."
          next={
            onOnePair ? (
              <Button size="xs" onClick={onOnePair}>
                Use one pair for all audiences
              </Button>
            ) : (
              'Delete pairs that are off, or let one pair (Add to Audience, Remove from Audience) serve all audiences.'
            )
          }
        />
      ) : (
        <ul className={classes['options']}>
          {options.map(({ slug, name, says }, index) => (
            <li key={slug}>
              <button
                type="button"
                className={classes['option']}
                aria-label={name}
                aria-description={says}
                data-autofocus={index === 0 || undefined}
                onClick={() => open(slug)}
                onKeyDown={moveByArrows}
              >
                <strong>{name}</strong>
                <span>{says}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Modal>
  );
}

function moveByArrows(event: React.KeyboardEvent<HTMLButtonElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  event.preventDefault();
  const item = event.currentTarget.parentElement;
  const other = event.key === 'ArrowDown' ? item?.nextElementSibling : item?.previousElementSibling;
  other?.querySelector('button')?.focus();
}
