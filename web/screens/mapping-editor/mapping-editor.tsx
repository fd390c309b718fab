import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { audiencesQuery } from '../../api/audiences.ts';
import { catalogQuery, type Destination, destinationQuery } from '../../api/destinations.ts';
import { choicesQuery, mappingQuery } from '../../api/mappings.ts';
import { NoSuchPage } from '../../ui/dead-ends.tsx';
import { Loaded, Waiting } from '../../ui/loaded.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { useMay, useSpace } from '../../ui/space.ts';
import { type Action, draftOf, newDraft } from './draft.ts';
import { Editor } from './editor.tsx';

/** The editor of one mapping; a new one exists once it is saved. */
export function MappingEditor(): ReactNode {
  const { destination: id = '', mapping = '' } = useParams({ strict: false });
  const destination = useQuery(destinationQuery(id));
  const actions = useQuery(catalogQuery).data?.flatMap((entry) => entry.actions);
  return (
    <Loaded query={destination} height={600} isPage>
      {(found) => {
        if (actions === undefined) return <Waiting height={600} />;
        if (mapping === 'new') return <NewMapping destination={found} actions={actions} />;
        return <StoredMapping key={mapping} destination={found} actions={actions} mapping={mapping} />;
      }}
    </Loaded>
  );
}

interface Props {
  readonly destination: Destination;
  readonly actions: readonly Action[];
}

function NewMapping({ destination, actions }: Props): ReactNode {
  const { id: space } = useSpace();
  const may = useMay('editor');
  const [slug] = useSearchState('action', 'addUser');
  const [audienceId] = useSearchState('audience');
  const audiences = useQuery(audiencesQuery(space)).data?.data;
  const accounts = useQuery({ ...choicesQuery(destination.id, 'selected_advertiser_id'), enabled: may });
  const action = actions.find((one) => one.slug === slug);
  if (action === undefined) return <NoSuchPage />;
  if (audiences === undefined || (accounts.isPending && may)) return <Waiting height={600} />;
  const audience = audiences.find(({ id }) => id === audienceId) ?? (audiences.length === 1 ? audiences[0] : undefined);
  const choices = accounts.data?.choices ?? [];
  const advertiserId = choices.length === 1 ? (choices[0]?.value ?? '') : '';
  const draft = newDraft(action, { key: audience?.key ?? '', advertiserId });
  return <Editor key={slug} destination={destination} action={action} before={draft} stored={undefined} />;
}

function StoredMapping({ destination, actions, mapping }: Props & { mapping: string }): ReactNode {
  const stored = useQuery(mappingQuery({ destinationId: destination.id, subscriptionId: mapping }));
  return (
    <Loaded query={stored} height={600} isPage>
      {(found) => {
        const action = actions.find(({ slug }) => slug === found.mapping.actionSlug);
        if (action === undefined) return <NoSuchPage />;
        return <Editor destination={destination} action={action} before={draftOf(found.mapping)} stored={found} />;
      }}
    </Loaded>
  );
}
