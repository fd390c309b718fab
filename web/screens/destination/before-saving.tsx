import type { ReactNode } from 'react';
import { type Destination, tryDestination } from '../../api/destinations.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { Consequence } from '../../ui/consequence.tsx';
import { useRemovalGate } from '../../ui/removal-gate.tsx';
import { type Changes, identifiersIn } from './entries.ts';

export interface Asked {
  readonly destination: Destination;
  readonly turnsOff: boolean;
  readonly identifiers: Changes;
}

/** What has a consequence at TikTok is said before it is saved. */
export function hasToBeAsked(destination: Destination, changes: Changes): Asked | undefined {
  const turnsOff = destination.enabled && changes.enabled === false;
  const identifiers = identifiersIn(changes);
  if (!turnsOff && Object.keys(identifiers).length === 0) return undefined;
  return { destination, turnsOff, identifiers };
}

export function BeforeSaving({
  asked: { destination, turnsOff, identifiers },
  save,
  onClose,
}: {
  asked: Asked;
  save: (confirmRemovals?: number) => Promise<void>;
  onClose: () => void;
}): ReactNode {
  const gate = useRemovalGate();
  const replaces = Object.keys(identifiers).length > 0;
  return (
    <Confirm
      opened
      onClose={onClose}
      title={turnsOff ? 'Turn off Enable Destination?' : 'Change the identifiers?'}
      action="Save Changes"
      possible={gate.answered}
      act={async () => void (await gate.pass(save))}
    >
      {turnsOff && (
        <p>
          Sending pauses. Usher keeps following its audiences; when you turn it on again it sends the difference. Nobody
          is removed from TikTok.
        </p>
      )}
      {replaces && (
        <>
          <p>Everybody is hashed anew: new hashes are added at TikTok, those that no longer hold are removed.</p>
          <Consequence
            of={['destination', destination.id, identifiers]}
            dryRun={() => tryDestination(destination.id, { ...identifiers })}
            where={destination.name}
          />
        </>
      )}
      {gate.question}
    </Confirm>
  );
}
