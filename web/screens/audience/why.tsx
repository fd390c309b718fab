import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Audience } from '../../api/audiences.ts';
import { explanationQuery, type PersonExplanation } from '../../api/people.ts';
import { JsonView } from '../../ui/code-block.tsx';
import { Identifiers } from '../../ui/identifiers.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { SidePanel } from '../../ui/side-panel.tsx';
import { useTechnicalDetails } from '../../ui/technical-details.ts';
import classes from './members.module.css';

/** Why a person is, or is not, on TikTok: event, change, call, in sentences. */
export function Why({
  audience,
  personId,
  onClose,
}: {
  audience: Audience;
  personId: string;
  onClose: () => void;
}): ReactNode {
  return (
    <SidePanel opened={personId !== ''} onClose={onClose} title="Why this person is, or is not, on TikTok">
      {personId !== '' && <Explained audience={audience} personId={personId} />}
    </SidePanel>
  );
}

function Explained({ audience, personId }: { audience: Audience; personId: string }): ReactNode {
  const found = useQuery(explanationQuery(audience.spaceId, personId, audience.id));
  return (
    <Loaded query={found} height={240}>
      {({ identifiers, audiences }) => (
        <>
          <Identifiers of={identifiers} />
          {audiences.map((one) => (
            <Sentences key={one.audienceId} of={one} />
          ))}
        </>
      )}
    </Loaded>
  );
}

function Sentences({ of }: { of: PersonExplanation['audiences'][number] }): ReactNode {
  const [technical] = useTechnicalDetails();
  return (
    <>
      <ul className={classes['sentences']}>
        {of.sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {of.destinations.map(({ destinationId, name, sentences, rows }) => (
        <section key={destinationId} aria-label={name}>
          <h3 className={classes['destination']}>{name}</h3>
          <ul className={classes['sentences']}>
            {sentences.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
          {technical && rows.length > 0 && <JsonView label={`rows at ${name}`} value={rows} />}
        </section>
      ))}
    </>
  );
}
