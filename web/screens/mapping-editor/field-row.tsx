import { ActionIcon, Menu, Switch, Textarea, TextInput } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import type { MappingJson } from '../../../contract/mapping-kit.ts';
import { parseMapping } from '../../../contract/mapping-kit-parse.ts';
import type { TriedField } from '../../api/mappings.ts';
import { sentence } from '../../ui/problem.tsx';
import type { Field } from './draft.ts';
import type { EventVariable } from './event-variables.ts';
import {
  emptyFunction,
  type FieldInput,
  type FunctionName,
  functionNames,
  inputOf,
  jsonOf,
  sentenceOf,
} from './field-input.ts';
import { FunctionInputs } from './function-inputs.tsx';
import classes from './mapping-editor.module.css';
import { type Common, VariableInput } from './variable-input.tsx';

export interface RowProps {
  readonly field: Field;
  readonly value: MappingJson | undefined;
  readonly onChange: (value: MappingJson | undefined) => void;
  readonly variables: readonly EventVariable[];
  readonly mayEdit: boolean;
  readonly problem: string | undefined;
  /** What the test event gives; undefined while no event was tried. */
  readonly result: Result | undefined;
}

export interface Result {
  readonly field: TriedField | undefined;
}

/** One field of the mapping: its words, its input of one of three kinds, and what the test event makes of it. */
export function FieldRow(props: RowProps): ReactNode {
  const { field, value, onChange, result } = props;
  // JSON that cannot be read has no value to come back from, so what is typed is kept here.
  const [typed, setTyped] = useState<FieldInput>();
  const input = typed ?? inputOf(value);
  const change = (next: FieldInput): void => {
    const json = jsonOf(next);
    const readable = json !== undefined && parseMapping(json).ok;
    setTyped(next);
    if (readable) onChange(json);
  };
  return (
    <div className={classes['field']}>
      <div className={classes['inputs']}>
        <Input {...props} input={input} change={change} />
        <KindMenu label={field.label} input={input} change={change} disabled={!props.mayEdit} />
      </div>
      {result !== undefined && <ResultCell result={result} />}
    </div>
  );
}

export function ResultCell({ result }: { result: Result }): ReactNode {
  const value = result.field?.value;
  return (
    <div className={classes['result']}>
      <span>Result with this event</span>
      {value === undefined || value === null || value === '' ? 'nothing' : shownResult(value)}
    </div>
  );
}

const shownResult = (value: unknown): string =>
  (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('*', '•');

interface InputProps extends RowProps {
  readonly input: FieldInput;
  readonly change: (input: FieldInput) => void;
}

function Input({ field, input, change, variables, mayEdit, problem }: InputProps): ReactNode {
  const common = {
    label: field.label,
    description: field.description,
    name: field.key,
    readOnly: !mayEdit,
    error: problem,
  };
  switch (input.kind) {
    case 'variable':
      return (
        <VariableInput
          {...common}
          value={input.text}
          variables={variables}
          onChange={(text) => change({ kind: 'variable', text })}
        />
      );
    case 'value':
      return <ValueInput common={common} field={field} value={input.value} change={change} />;
    case 'function':
      return (
        <fieldset className={classes['condition']} disabled={!mayEdit}>
          <legend>{`${field.label}: ${sentenceOf(input.of)}`}</legend>
          <FunctionInputs of={input.of} variables={variables} change={(of) => change({ kind: 'function', of })} />
        </fieldset>
      );
    case 'json':
      return (
        <Textarea
          {...common}
          classNames={{ input: 'mono' }}
          autosize
          minRows={2}
          spellCheck={false}
          value={input.text}
          error={problem ?? jsonProblem(input)}
          onChange={(event) => change({ kind: 'json', text: event.currentTarget.value })}
        />
      );
  }
}

function jsonProblem(input: FieldInput): string | undefined {
  const json = jsonOf(input);
  if (json === undefined) return 'Not JSON yet. The last readable mapping stays in force.';
  const parsed = parseMapping(json);
  const first = parsed.ok ? undefined : parsed.error[0];
  return first && `${first.path}: ${sentence(first.message)}`;
}

function ValueInput({
  common,
  field,
  value,
  change,
}: {
  common: Common;
  field: Field;
  value: string | number | boolean | null;
  change: (input: FieldInput) => void;
}): ReactNode {
  if (field.type === 'boolean') {
    const { readOnly, error, ...words } = common;
    return (
      <Switch
        {...words}
        error={error}
        disabled={readOnly ?? false}
        checked={value === true}
        onChange={(event) => change({ kind: 'value', value: event.currentTarget.checked })}
      />
    );
  }
  return (
    <TextInput
      {...common}
      placeholder="nothing"
      value={value === null ? '' : String(value)}
      onChange={({ currentTarget: { value: text } }) => change({ kind: 'value', value: text === '' ? null : text })}
    />
  );
}

function KindMenu({
  label,
  input,
  change,
  disabled,
}: {
  label: string;
  input: FieldInput;
  change: (input: FieldInput) => void;
  disabled: boolean;
}): ReactNode {
  const names = Object.entries(functionNames) as [FunctionName, string][];
  const json = jsonOf(input);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size={36} disabled={disabled} aria-label={`Input of ${label}`}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => change({ kind: 'variable', text: '' })}>Event variable</Menu.Item>
        <Menu.Item onClick={() => change({ kind: 'value', value: null })}>Value</Menu.Item>
        <Menu.Label>Function</Menu.Label>
        {names.map(([name, words]) => (
          <Menu.Item key={name} onClick={() => change({ kind: 'function', of: emptyFunction[name] })}>
            {words}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => change({ kind: 'json', text: JSON.stringify(json ?? null, null, 2) })}>
          Edit as JSON
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
