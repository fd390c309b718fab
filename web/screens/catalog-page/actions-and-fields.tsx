import type { ReactNode } from 'react';
import type { CatalogEntry } from '../../api/destinations.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Section } from '../../ui/page.tsx';

type Field = CatalogEntry['actions'][number]['fields'][number];
type Preset = CatalogEntry['presets'][number];

/** The reference, made from what the server runs: actions, fields, presets. */
export function ActionsAndFields({ entry }: { entry: CatalogEntry }): ReactNode {
  return (
    <>
      {entry.actions.map(({ slug, name, description, defaultTrigger, fields }) => (
        <Section
          key={slug}
          title={name}
          lead={
            <>
              {description} Default trigger: <code>{defaultTrigger}</code>
            </>
          }
        >
          <DataTable label={`Fields of ${name}`} columns={fieldColumns} rows={fields} rowKey={({ key }) => key} />
        </Section>
      ))}
      <Section title="Presets" lead="Ready-made mappings.">
        <DataTable label="Presets" columns={presetColumns} rows={entry.presets} rowKey={({ name }) => name} />
      </Section>
    </>
  );
}

const fieldColumns: readonly Column<Field>[] = [
  {
    name: 'Field',
    cell: ({ label, description }) => (
      <>
        <strong>{label}</strong>
        <div>{description}</div>
      </>
    ),
  },
  { name: 'Key', cell: ({ key }) => <code>{key}</code> },
  { name: 'Type', cell: ({ type, multiple }) => (multiple ? `${type}, several` : type) },
  { name: 'Required', cell: ({ required }) => requiredWords(required) },
  { name: 'Default', cell: ({ default: first }) => (first === null ? '—' : <code>{JSON.stringify(first)}</code>) },
];

const requiredWords = (required: Field['required']): string => {
  if (typeof required === 'boolean') return required ? 'yes' : 'no';
  return `unless ${required.unless} is mapped`;
};

const presetColumns: readonly Column<Preset>[] = [
  { name: 'Preset', cell: ({ name }) => name },
  { name: 'Action', cell: ({ actionSlug }) => <code>{actionSlug}</code> },
  { name: 'Trigger', cell: ({ trigger }) => <code>{trigger}</code> },
];
