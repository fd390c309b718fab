import { NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { usersQuery } from '../../api/accounts.ts';
import { tokensQuery } from '../../api/tokens.ts';
import { useOwned } from '../../ui/owned.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { actionGroups } from './actions.ts';
import classes from './audit.module.css';

/** By space, person, kind of change and object; all of it stands in the address. */
export function Filters(): ReactNode {
  const { spaces } = useOwned();
  const [subject, setSubject] = useSearchState('object');
  return (
    <search className={classes['filters']} aria-label="Audit">
      <Choice name="space" label="Space" all="All spaces" choices={spaces.map(({ id, name }) => [id, name])} />
      <Choice name="who" label="Who" all="Everybody" choices={useActors()} />
      <Choice
        name="what"
        label="What"
        all="Everything"
        choices={actionGroups.map(({ value, label }) => [value, label])}
      />
      <TextInput
        label="Object"
        placeholder="dst_12"
        autoComplete="off"
        value={subject}
        onChange={(event) => setSubject(event.currentTarget.value.trim())}
      />
    </search>
  );
}

type Choices = readonly (readonly [value: string, label: string])[];

function Choice({
  name,
  label,
  all,
  choices,
}: {
  name: string;
  label: string;
  all: string;
  choices: Choices;
}): ReactNode {
  const [value, setValue] = useSearchState(name);
  return (
    <NativeSelect
      label={label}
      value={value}
      data={[{ value: '', label: all }, ...choices.map(([value, label]) => ({ value, label }))]}
      onChange={(event) => setValue(event.currentTarget.value)}
    />
  );
}

/** The log names people and tokens by kind and number: `user:3` is usr_3. */
function useActors(): Choices {
  const users = useQuery(usersQuery).data ?? [];
  const tokens = useQuery(tokensQuery).data ?? [];
  return [
    ...users.map(({ id, name }) => [`user:${numberIn(id)}`, name] as const),
    ...tokens.map(({ id, name }) => [`token:${numberIn(id)}`, `${name} (token)`] as const),
  ];
}

const numberIn = (id: string): string => id.slice(id.lastIndexOf('_') + 1);
