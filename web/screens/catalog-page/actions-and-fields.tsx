import type { ReactNode } from 'react';
import { defaultWords, groupByFields } from '../../../contract/catalog.ts';
import type { MappingJson } from '../../../contract/mapping-kit.ts';
import type { CatalogEntry } from '../../api/destinations.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Section } from '../../ui/page.tsx';
import classes from './actions-and-fields.module.css';

type Action = CatalogEntry['actions'][number];
type Field = Action['fields'][number];
type Preset = CatalogEntry['presets'][number];
type Setting = CatalogEntry['settings'][number];

/** The reference, made from what the server runs; docs/tiktok-audiences.md is made from the same (tools/reference.mjs). */
export function ActionsAndFields({ entry }: { entry: CatalogEntry }): ReactNode {
  return (
    <>
      <Section title="Actions" lead="What a mapping can do with an event.">
        <DataTable label="Actions" columns={actionColumns} rows={entry.actions} rowKey={({ slug }) => slug} />
      </Section>
      {groupByFields(entry.actions).map((group) => (
        <Fields key={group[0]?.slug} group={group} />
      ))}
      <Section title="Presets" lead="Ready-made mappings.">
        <DataTable
          label="Presets"
          columns={presetColumns(entry.actions)}
          rows={entry.presets}
          rowKey={({ name }) => name}
        />
      </Section>
      <Section title="Settings" lead="Of the whole destination.">
        <DataTable label="Settings" columns={settingColumns} rows={entry.settings} rowKey={({ key }) => key} />
      </Section>
      <Section title="Settings of a connection" lead="Of each audience that is sent here.">
        <DataTable
          label="Settings of a connection"
          columns={settingColumns}
          rows={entry.audienceSettings}
          rowKey={({ key }) => key}
        />
      </Section>
    </>
  );
}

function Fields({ group }: { group: readonly Action[] }): ReactNode {
  const title = `Fields of ${group.map(({ name }) => name).join(' and ')}`;
  return (
    <Section title={title}>
      <DataTable label={title} columns={fieldColumns} rows={group[0]?.fields ?? []} rowKey={({ key }) => key} />
    </Section>
  );
}

function Named({ name, children }: { name: string; children: ReactNode }): ReactNode {
  return (
    <div className={classes['named']}>
      <strong>{name}</strong>
      <p>{children}</p>
    </div>
  );
}

const actionColumns: readonly Column<Action>[] = [
  { name: 'Action', cell: ({ name, description }) => <Named name={name}>{description}</Named> },
  { name: 'Slug', cell: ({ slug }) => <code>{slug}</code> },
  { name: 'Default trigger', cell: ({ defaultTrigger }) => <code>{defaultTrigger}</code> },
];

const fieldColumns: readonly Column<Field>[] = [
  {
    name: 'Field',
    cell: ({ label, description, dynamic, hidden }) => (
      <Named name={label}>
        {description}
        {dynamic && ' Listed live from TikTok.'}
        {hidden && ' Hidden at first.'}
      </Named>
    ),
  },
  { name: 'Key', cell: ({ key }) => <code>{key}</code> },
  { name: 'Type', cell: ({ type, multiple }) => (multiple ? `list of ${type}` : type) },
  { name: 'Required', cell: ({ required }) => requiredWords(required) },
  { name: 'Default', cell: ({ default: first }) => defaultOf(first) },
];

const requiredWords = (required: Field['required']): ReactNode => {
  if (typeof required === 'boolean') return required ? 'yes' : 'no';
  return (
    <>
      unless <code>{required.unless}</code> is mapped
    </>
  );
};

/** The API says `null` where there is none. */
const defaultOf = (first: unknown): ReactNode =>
  first === null ? '—' : <code>{defaultWords(first as MappingJson)}</code>;

const presetColumns = (actions: readonly Action[]): readonly Column<Preset>[] => [
  { name: 'Preset', cell: ({ name }) => name },
  { name: 'Action', cell: ({ actionSlug }) => actions.find(({ slug }) => slug === actionSlug)?.name ?? actionSlug },
  { name: 'Trigger', cell: ({ trigger }) => <code>{trigger}</code> },
  { name: 'Segment’s event', cell: ({ eventSlug }) => (eventSlug === null ? '—' : <code>{eventSlug}</code>) },
];

const settingColumns: readonly Column<Setting>[] = [
  {
    name: 'Setting',
    cell: ({ label, description, choices }) => (
      <Named name={label}>
        {description}
        {choices.length > 0 && ` ${choices.map(({ value, label: words }) => `${value}: ${words}`).join('; ')}.`}
      </Named>
    ),
  },
  { name: 'Key', cell: ({ key }) => <code>{key}</code> },
  { name: 'Type', cell: ({ type }) => type },
  { name: 'Default', cell: ({ default: first }) => defaultOf(first) },
];
