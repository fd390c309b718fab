import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef } from 'react';
import { type Destination, destinationStatusQuery } from '../../api/destinations.ts';
import { ButtonLink } from '../../ui/links.tsx';
import type { Changes } from './entries.ts';
import classes from './settings.module.css';

/** The message with the next step; it takes the focus. */
export function AfterSaving({ destination, saved }: { destination: Destination; saved: Changes }): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.focus(), []);
  const reason = useQuery(destinationStatusQuery(destination.id)).data?.reason;
  return (
    <div ref={place} tabIndex={-1} role="status" className={classes['row']}>
      {saved.enabled === true && reason === 'setup-mapping' ? (
        <>
          <span>Enabled. Nothing is sent yet: there is no mapping.</span>
          <ButtonLink
            size="xs"
            to="/spaces/$space/connections/destinations/$destination/{-$tab}"
            params={{ space: destination.spaceId, destination: destination.id, tab: 'mappings' }}
            search={(before) => ({ audience: before['audience'] })}
          >
            New Mapping
          </ButtonLink>
        </>
      ) : saved.enabled === true ? (
        <span>Enabled. What is owed is sent now.</span>
      ) : saved.enabled === false ? (
        <span>Paused. Changes are kept until you turn it on again.</span>
      ) : (
        <span>Saved.</span>
      )}
    </div>
  );
}
