import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { type CatalogEntry, catalogQuery } from '../../api/destinations.ts';
import { TextLink } from '../../ui/links.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { Page } from '../../ui/page.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { useSpace } from '../../ui/space.ts';
import classes from './catalog.module.css';

/** Everything that audiences can be sent to. */
export function Catalog(): ReactNode {
  const catalog = useQuery(catalogQuery);
  return (
    <Page title="Catalog" focus="content">
      <Loaded query={catalog} height={240}>
        {(entries) => <Search entries={entries} />}
      </Loaded>
    </Page>
  );
}

function Search({ entries }: { entries: readonly CatalogEntry[] }): ReactNode {
  const { id: space } = useSpace();
  const navigate = useNavigate();
  const [search, setSearch] = useSearchState('q');
  const wanted = search.trim().toLowerCase();
  const found = entries.filter(({ name }) => name.toLowerCase().includes(wanted));
  const [only, another] = found;
  return (
    <search>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (only === undefined || another !== undefined) return;
          const params = { space, entry: only.slug, tab: undefined };
          void navigate({ to: '/spaces/$space/catalog/destinations/$entry/{-$tab}', params });
        }}
      >
        <TextInput
          className={classes['search'] ?? ''}
          type="search"
          label="Search destinations"
          autoFocus
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </form>
      {found.length > 0 ? (
        <ul className={classes['cards']} aria-label="Destinations">
          {found.map((entry) => (
            <Entry key={entry.slug} entry={entry} />
          ))}
        </ul>
      ) : (
        <p>
          Nothing is called “{search}”. Usher has{' '}
          {entries.map((entry) => (
            <EntryLink key={entry.slug} entry={entry} />
          ))}
          .
        </p>
      )}
    </search>
  );
}

function Entry({ entry }: { entry: CatalogEntry }): ReactNode {
  return (
    <li className={classes['card']}>
      <EntryLink entry={entry} />
      <p>Sends Engage audiences to TikTok as Custom Audiences.</p>
    </li>
  );
}

function EntryLink({ entry }: { entry: CatalogEntry }): ReactNode {
  const { id: space } = useSpace();
  return (
    <TextLink
      fw={600}
      to="/spaces/$space/catalog/destinations/$entry/{-$tab}"
      params={{ space, entry: entry.slug, tab: undefined }}
    >
      {entry.name}
    </TextLink>
  );
}
