import { TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { meQuery } from '../../api/session.ts';
import { createSpace } from '../../api/spaces.ts';
import { type FieldProblems, Form, SaveButton } from '../../ui/form.tsx';
import { ButtonLink } from '../../ui/links.tsx';
import { slugOf } from '../../ui/slug.ts';
import { Threshold } from '../../ui/threshold.tsx';

/** The space of a new installation, and any later one. */
export function FirstSpace(): ReactNode {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const me = useQuery(meQuery).data;
  const first = me?.spaces.length === 0;
  const [name, setName] = useState(first ? 'Production' : '');
  const submit = async (): Promise<void> => {
    const space = await createSpace({ name: name.trim(), slug: slugOf(name) });
    await queries.invalidateQueries();
    await navigate({ to: '/spaces/$space/home', params: { space: space.id } });
  };
  if (me !== undefined && me.role !== 'owner') return <NotYours none={first === true} />;
  return (
    <Threshold
      title="Name your space"
      lead="A space holds audiences, sources and destinations, as at Segment. Most have one for production and one for trying things out."
    >
      <Form label="Name your space" check={() => check(name)} submit={submit}>
        {({ problems, sending }) => (
          <>
            <TextInput
              label="Space name"
              name="name"
              error={problems['name'] ?? problems['slug']}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <SaveButton sending={sending} fullWidth>
              Create space
            </SaveButton>
          </>
        )}
      </Form>
    </Threshold>
  );
}

/** For whom may not make one, whether or not a space of others is open to them. */
const NotYours = ({ none }: { none: boolean }): ReactNode => (
  <Threshold
    title={none ? 'No space is open to you' : 'Only owners make spaces'}
    lead={
      none
        ? 'Whoever invited you can give you a role in one.'
        : 'An owner of all spaces can make one and give you a role in it.'
    }
  >
    {!none && <ButtonLink to="/">Go to Home</ButtonLink>}
  </Threshold>
);

const check = (name: string): FieldProblems =>
  slugOf(name) === '' ? { name: 'Give the space a name with a Latin letter or a digit in it.' } : {};
