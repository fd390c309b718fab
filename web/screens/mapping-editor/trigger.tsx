import { Button, NativeSelect, SegmentedControl, Tabs, Textarea, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { FqlProblem } from '../../../contract/fql.ts';
import { parseFql } from '../../../contract/fql-parse.ts';
import { printFql } from '../../../contract/fql-print.ts';
import { sentence } from '../../ui/problem.tsx';
import classes from './mapping-editor.module.css';
import { TriggerMatches } from './trigger-matches.tsx';
import {
  type BuiltTrigger,
  type ConditionRow,
  expressionOf,
  firstRow,
  missingIn,
  operatorsOf,
  type RowField,
  type RowOperator,
  readAs,
  rowFields,
  rowOperators,
  rowsOf,
  takesNumber,
  takesValue,
} from './trigger-rows.ts';

interface TriggerProps {
  readonly text: string;
  readonly mayEdit: boolean;
  /** An unfinished trigger is told as a text that cannot be read, so that it cannot be saved. */
  readonly onChange: (text: string) => void;
}

/** Builder and code show one trigger: the text is what is stored, its syntax tree is what the rows show. */
export function Trigger({ text, mayEdit, onChange }: TriggerProps): ReactNode {
  const parsed = parseFql(text);
  // Rows that are not finished have no text yet; they stay here until they have.
  const [unfinished, setUnfinished] = useState<BuiltTrigger>();
  const built = unfinished ?? (parsed.ok ? rowsOf(parsed.value) : undefined);
  const change = (next: BuiltTrigger): void => {
    const expression = expressionOf(next);
    setUnfinished(expression === undefined ? next : undefined);
    onChange(expression === undefined ? '' : printFql(expression));
  };
  const mixed = parsed.ok ? readAs(parsed.value) : undefined;
  return (
    <Tabs defaultValue="builder">
      <Tabs.List aria-label="Trigger" mb="sm">
        <Tabs.Tab value="builder">Builder</Tabs.Tab>
        <Tabs.Tab value="code">Code</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="builder">
        {built ? (
          <Builder built={built} mayEdit={mayEdit} onChange={change} />
        ) : (
          <p>
            {parsed.ok
              ? 'This trigger uses brackets, both words or functions, so it is edited as code.'
              : 'The code cannot be read yet, so there are no conditions to show.'}
          </p>
        )}
      </Tabs.Panel>
      <Tabs.Panel value="code">
        <Textarea
          label="Trigger as code (FQL)"
          name="trigger"
          classNames={{ input: 'mono' }}
          autosize
          minRows={2}
          spellCheck={false}
          readOnly={!mayEdit}
          value={text}
          error={parsed.ok ? undefined : <CodeProblem text={text} problem={parsed.error} />}
          onChange={(event) => {
            setUnfinished(undefined);
            onChange(event.currentTarget.value);
          }}
        />
      </Tabs.Panel>
      {mixed !== undefined && (
        <p className={classes['hint']}>
          Read as: <code>{mixed}</code>
        </p>
      )}
      <TriggerMatches trigger={text} />
    </Tabs>
  );
}

/** Shows the place in a copy of the text: a textarea cannot underline a part of itself. */
function CodeProblem({ text, problem }: { text: string; problem: FqlProblem }): ReactNode {
  const rest = text.slice(problem.at) || ' ';
  const words = /^\S+/.exec(rest)?.[0] ?? rest.slice(0, 1);
  return (
    <>
      {`${sentence(problem.message).replace(/\.$/, '')} (character ${problem.at + 1}).`}
      {text !== '' && (
        <code className={classes['place']}>
          {text.slice(0, problem.at)}
          <u>{words}</u>
          {text.slice(problem.at + words.length)}
        </code>
      )}
    </>
  );
}

function Builder({
  built,
  mayEdit,
  onChange,
}: {
  built: BuiltTrigger;
  mayEdit: boolean;
  onChange: (built: BuiltTrigger) => void;
}): ReactNode {
  const { join, rows } = built;
  const replace = (at: number, row: ConditionRow): void =>
    onChange({ join, rows: rows.map((one, index) => (index === at ? row : one)) });
  return (
    <div className={classes['stack']}>
      <div className={classes['sentence']}>
        <span>Send events that match</span>
        <SegmentedControl
          size="xs"
          aria-label="All or any"
          disabled={!mayEdit}
          value={join}
          onChange={(value) => onChange({ join: value === 'or' ? 'or' : 'and', rows })}
          data={[
            { value: 'and', label: 'All' },
            { value: 'or', label: 'Any' },
          ]}
        />
        <span>of these conditions</span>
      </div>
      {rows.map((row, index) => (
        <Row
          // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no other identity than their place
          key={index}
          number={index + 1}
          row={row}
          mayEdit={mayEdit}
          onChange={(next) => replace(index, next)}
          {...(rows.length > 1
            ? { onRemove: () => onChange({ join, rows: rows.filter((_, other) => other !== index) }) }
            : {})}
        />
      ))}
      <div>
        <Button
          size="xs"
          variant="default"
          disabled={!mayEdit}
          onClick={() => onChange({ join, rows: [...rows, firstRow] })}
        >
          Add condition
        </Button>
      </div>
    </div>
  );
}

const eventTypes = ['track', 'identify', 'page', 'screen', 'group', 'alias'];

function Row({
  number,
  row,
  mayEdit,
  onChange,
  onRemove,
}: {
  number: number;
  row: ConditionRow;
  mayEdit: boolean;
  onChange: (row: ConditionRow) => void;
  onRemove?: () => void;
}): ReactNode {
  const operators = operatorsOf(row.field);
  const missing = missingIn(row);
  const setField = (field: RowField): void => {
    const operator = operatorsOf(field).includes(row.operator) ? row.operator : 'is';
    onChange({
      field,
      operator,
      name: rowFields[field].named ? row.name : '',
      value: field === 'type' ? 'track' : row.value,
    });
  };
  return (
    <fieldset className={classes['condition']} disabled={!mayEdit}>
      <legend className="only-for-readers">{`Condition ${number}`}</legend>
      <NativeSelect
        aria-label="Field"
        value={row.field}
        onChange={(event) => setField(event.currentTarget.value as RowField)}
        data={Object.entries(rowFields).map(([value, { label }]) => ({ value, label }))}
      />
      {rowFields[row.field].named && (
        <TextInput
          aria-label="Name"
          placeholder="name"
          error={missing === 'name' && 'Name it.'}
          value={row.name}
          onChange={(event) => onChange({ ...row, name: event.currentTarget.value })}
        />
      )}
      <NativeSelect
        aria-label="Operator"
        value={row.operator}
        onChange={(event) => onChange({ ...row, operator: event.currentTarget.value as RowOperator })}
        data={operators.map((value) => ({ value, label: rowOperators[value] }))}
      />
      {row.field === 'type' ? (
        <NativeSelect
          aria-label="Value"
          value={row.value}
          onChange={(event) => onChange({ ...row, value: event.currentTarget.value })}
          data={eventTypes.includes(row.value) ? eventTypes : [row.value, ...eventTypes]}
        />
      ) : (
        takesValue(row.operator) && (
          <TextInput
            aria-label="Value"
            inputMode={takesNumber(row.operator) ? 'decimal' : 'text'}
            error={missing === 'number' && 'A number.'}
            value={row.value}
            onChange={(event) => onChange({ ...row, value: event.currentTarget.value })}
          />
        )
      )}
      {onRemove !== undefined && (
        <Button size="compact-sm" variant="subtle" color="gray" onClick={onRemove}>
          Remove condition
        </Button>
      )}
    </fieldset>
  );
}
