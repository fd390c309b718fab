import { Radio, Stack } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { catalogQuery, createDestination, destinationsQuery } from '../../api/destinations.ts';
import { meQuery } from '../../api/session.ts';
import { Form, SaveButton } from '../../ui/form.tsx';
import { TextLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { Problem } from '../../ui/problem.tsx';
import { useMay, useSpace } from '../../ui/space.ts';
import { ViewerNote } from '../../ui/viewer-note.tsx';

/** Segment's Select Source, with the space preselected: whose events can reach the new destination. */
export function SelectSource(): ReactNode {
  const { id: here } = useSpace();
  const may = useMay('editor');
  const { entry: slug = '' } = useParams({ strict: false });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [space, setSpace] = useState(here);
  const entry = useQuery(catalogQuery).data?.find((one) => one.slug === slug);
  const existing = useQuery(destinationsQuery(space)).data?.filter(
    ({ metadataId }) => metadataId === entry?.metadataId,
  );
  const submit = async (): Promise<void> => {
    if (entry === undefined) return;
    const name = freeName(entry.name, existing?.map((one) => one.name) ?? []);
    const made = await createDestination({ spaceId: space, metadataId: entry.metadataId, name });
    await queries.invalidateQueries();
    const params = { space, destination: made.id, tab: 'settings' };
    await navigate({
      to: '/spaces/$space/connections/destinations/$destination/{-$tab}',
      params,
      search: (before) => before,
    });
  };
  return (
    <Page title="Select Source" width="form">
      <ViewerNote />
      <Form label="Select Source" submit={submit}>
        {({ sending }) => (
          <>
            <SpaceChoice value={space} onChange={setSpace} />
            {existing?.[0] !== undefined && <AlreadyThere space={space} first={existing[0]} />}
            <div>
              <SaveButton sending={sending} disabled={!may || entry === undefined}>
                Confirm Source
              </SaveButton>
            </div>
          </>
        )}
      </Form>
    </Page>
  );
}

function SpaceChoice({ value, onChange }: { value: string; onChange: (space: string) => void }): ReactNode {
  const { id: here } = useSpace();
  const may = useMay('editor');
  const spaces = (useQuery(meQuery).data?.spaces ?? []).filter(({ id, role }) => id === here || role !== 'viewer');
  const hereFirst = [...spaces].sort((a, b) => Number(b.id === here) - Number(a.id === here));
  return (
    <Radio.Group
      label="Source"
      description="Only events of the source you confirm can reach this destination."
      value={value}
      onChange={onChange}
    >
      <Stack gap="xs" mt="sm">
        {hereFirst.map(({ id, name }) => (
          <Radio key={id} value={id} disabled={!may} label={id === here ? `${name} (this Engage space)` : name} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

function AlreadyThere({ space, first }: { space: string; first: { id: string; name: string } }): ReactNode {
  const spaceName = useQuery(meQuery).data?.spaces.find(({ id }) => id === space)?.name;
  const params = { space, destination: first.id, tab: undefined };
  return (
    <Problem
      level="attention"
      happened={`${spaceName} already has ${first.name}.`}
      kept="A second one is right for another TikTok login."
      next={
        <TextLink to="/spaces/$space/connections/destinations/$destination/{-$tab}" params={params}>
          Open it
        </TextLink>
      }
    />
  );
}

/** "TikTok Audiences", "TikTok Audiences 2", … */
function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  const number = [...taken.keys()].map((index) => index + 2).find((n) => !taken.includes(`${name} ${n}`));
  return `${name} ${number ?? taken.length + 2}`;
}
