import { Autocomplete } from '@mantine/core';
import type { ReactNode } from 'react';
import type { EventVariable } from './event-variables.ts';

/** What every input of a field has. */
export interface Common {
  readonly label: string;
  readonly description?: string;
  readonly name?: string;
  readonly readOnly?: boolean;
  readonly error?: string | undefined;
}

/** A path into the event, with the values of the test event to pick from. */
export function VariableInput({
  value,
  variables,
  onChange,
  ...common
}: Common & { value: string; variables: readonly EventVariable[]; onChange: (text: string) => void }): ReactNode {
  const known = variables.find(({ path }) => path === value.trim());
  const strange = variables.length > 0 && known === undefined && value !== '' && !value.includes('{{');
  const groups = (['Event', 'Properties', 'Traits', 'Context'] as const).map((group) => ({
    group,
    items: variables.filter((one) => one.group === group).map(({ path }) => path),
  }));
  return (
    <Autocomplete
      {...common}
      classNames={{ input: 'mono' }}
      placeholder="context.traits.email"
      spellCheck={false}
      data={groups.filter(({ items }) => items.length > 0)}
      value={value}
      onChange={onChange}
      renderOption={({ option }) => (
        <span>
          <code>{option.value}</code> {variables.find(({ path }) => path === option.value)?.sample}
        </span>
      )}
      description={strange ? `${common.description ?? ''} Not in this test event.` : common.description}
    />
  );
}
