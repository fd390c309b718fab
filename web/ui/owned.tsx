import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Me, meQuery } from '../api/session.ts';
import { type Column, DataTable } from './data-table.tsx';
import { EmptyState } from './empty-state.tsx';
import classes from './owned.module.css';
import { Section } from './page.tsx';
import type { Role } from './space.ts';

/** What the signed-in person owns; Users, API tokens and Audit reach over all spaces, so no space says it. */
export interface Owned {
  /** The installation, and so every space. */
  readonly everything: boolean;
  readonly spaces: readonly { readonly id: string; readonly name: string }[];
}

export function useOwned(): Owned {
  const { data: me } = useQuery(meQuery);
  const spaces = (me?.spaces ?? []).filter(({ role }) => role === 'owner');
  return { everything: me?.role === 'owner', spaces };
}

/** The rest of a page that only owners may read; others see what they may do themselves, and whom to ask. */
export function OwnersOnly({ what, children }: { what: string; children: ReactNode }): ReactNode {
  const { data: me } = useQuery(meQuery);
  const { everything, spaces } = useOwned();
  if (everything || spaces.length > 0) return children;
  const seen = me?.spaces ?? [];
  return (
    <>
      <EmptyState says={`Only owners see ${what}.`} why="An owner of a space can give you more there." />
      {seen.length > 0 && (
        <Section title="Your roles">
          <DataTable label="Your roles" columns={ownRoles} rows={seen} rowKey={({ id }) => id} />
        </Section>
      )}
      <RoleMeanings />
    </>
  );
}

type SeenSpace = Me['spaces'][number];
const ownRoles: readonly Column<SeenSpace>[] = [
  { name: 'Space', cell: ({ name }) => name },
  { name: 'Your role', cell: ({ role }) => roleName(role) },
  { name: 'Owners, who can change it', cell: ({ owners }) => (owners.length > 0 ? owners.join(', ') : '—') },
];

/** One line for each role. */
export function RoleMeanings(): ReactNode {
  return (
    <Section title="What the roles may do">
      <dl className={classes['meanings']}>
        {roles.map(({ value, name, may }) => (
          <div key={value}>
            <dt>{name}</dt>
            <dd>{may}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

/** The three roles, worded the same for people, invitations and API tokens. */
export const roles: readonly { readonly value: Role; readonly name: string; readonly may: string }[] = [
  { value: 'owner', name: 'Owner', may: 'Changes everything, people and tokens included.' },
  { value: 'editor', name: 'Editor', may: 'Changes audiences, mappings and destinations.' },
  { value: 'viewer', name: 'Viewer', may: 'Sees every page and number, changes nothing.' },
];

export const roleName = (role: Role): string => roles.find(({ value }) => value === role)?.name ?? role;

/** "Production", or what stands for all of them. */
export function useSpaceNames(): (spaceId: string | null) => string {
  const { data: me } = useQuery(meQuery);
  return (spaceId) =>
    spaceId === null ? 'All spaces' : (me?.spaces.find(({ id }) => id === spaceId)?.name ?? spaceId);
}
