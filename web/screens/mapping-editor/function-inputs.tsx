import { NativeSelect, Textarea, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import type { EventVariable } from './event-variables.ts';
import type { FunctionInput } from './field-input.ts';
import { VariableInput } from './variable-input.tsx';

/** The parts of a function of the mapping kit: what it takes, and how it changes it. */
export function FunctionInputs({
  of,
  variables,
  change,
}: {
  of: FunctionInput;
  variables: readonly EventVariable[];
  change: (of: FunctionInput) => void;
}): ReactNode {
  if (of.name === 'liquid') {
    return (
      <Textarea
        label="Template"
        maxLength={1_000}
        autosize
        value={of.template}
        onChange={(event) => change({ ...of, template: event.currentTarget.value })}
      />
    );
  }
  return (
    <>
      <VariableInput
        label={of.name === 'coalesce' ? 'Use' : 'Of'}
        variables={variables}
        value={of.value}
        onChange={(value) => change({ ...of, value })}
      />
      {of.name === 'coalesce' && (
        <VariableInput
          label="Else"
          variables={variables}
          value={of.otherwise}
          onChange={(otherwise) => change({ ...of, otherwise })}
        />
      )}
      {of.name === 'case' && (
        <NativeSelect
          label="Case"
          value={of.operator}
          data={['lower', 'upper']}
          onChange={(event) => change({ ...of, operator: event.currentTarget.value === 'upper' ? 'upper' : 'lower' })}
        />
      )}
      {of.name === 'replace' && (
        <>
          <TextInput
            label="Find"
            maxLength={10}
            value={of.find}
            onChange={(event) => change({ ...of, find: event.currentTarget.value })}
          />
          <TextInput
            label="Replace by"
            maxLength={10}
            value={of.replacement}
            onChange={(event) => change({ ...of, replacement: event.currentTarget.value })}
          />
        </>
      )}
      {of.name === 'flatten' && (
        <TextInput
          label="Separator"
          value={of.separator}
          onChange={(event) => change({ ...of, separator: event.currentTarget.value })}
        />
      )}
      {of.name === 'json' && (
        <NativeSelect
          label="Mode"
          value={of.mode}
          data={['encode', 'decode']}
          onChange={(event) => change({ ...of, mode: event.currentTarget.value })}
        />
      )}
    </>
  );
}
