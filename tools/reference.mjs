// `npm run reference`: writes the reference in docs/tiktok-audiences.md, below its marker, from the catalog that the server
// runs. What stands above the marker is written by hand. With --check only says whether the file is up to date.
import './ts.mjs';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

const { tiktokAudiences } = await import('../server/destinations/catalog.ts');
const { defaultWords, groupByFields } = await import('../contract/catalog.ts');

const place = fileURLToPath(new URL('../docs/tiktok-audiences.md', import.meta.url));
const marker = '<!-- Below: made by `npm run reference` from server/destinations/catalog.ts. -->';

function reference({ settings, audienceSettings, actions, presets }) {
  return [
    '## Reference',
    '',
    '### Settings of the destination',
    '',
    ...table(['Setting', 'Key', 'Type', 'Default', 'Description'], settings.map(settingRow)),
    '',
    "### Settings of an audience's connection",
    '',
    ...table(['Setting', 'Key', 'Type', 'Default', 'Description'], audienceSettings.map(settingRow)),
    '',
    '### Actions',
    '',
    ...table(
      ['Action', 'Slug', 'Default trigger', 'Description'],
      actions.map(({ name, slug, defaultTrigger, description }) => [
        name,
        code(slug),
        code(defaultTrigger),
        description,
      ]),
    ),
    '',
    '### Presets',
    '',
    'Ready-made mappings: an action with a trigger.',
    '',
    ...table(
      ['Preset', 'Action', 'Trigger', "Segment's event"],
      presets.map(({ name, actionSlug, trigger, eventSlug }) => [
        name,
        nameOf(actions, actionSlug),
        code(trigger),
        eventSlug === undefined ? '—' : code(eventSlug),
      ]),
    ),
    ...groupByFields(actions).flatMap(fieldsOf),
    '',
  ].join('\n');
}

const fieldsOf = (group) => [
  '',
  `### Fields of ${group.map(({ name }) => name).join(' and ')}`,
  '',
  ...table(['Field', 'Key', 'Type', 'Required', 'Default', 'Description'], group[0].fields.map(fieldRow)),
];

const settingRow = ({ key, label, type, default: first, choices, description }) => [
  label,
  code(key),
  type,
  first === undefined ? '—' : code(first),
  choices === undefined
    ? description
    : `${description} ${choices.map(({ value, label: words }) => `${code(value)}: ${words}`).join('; ')}.`,
];

const fieldRow = ({ key, label, type, multiple, required, default: first, dynamic, hidden, description }) => [
  label,
  code(key),
  multiple ? `list of ${type}` : type,
  typeof required === 'object' ? `unless ${code(required.unless)} is mapped` : required ? 'yes' : 'no',
  first === undefined ? '—' : code(defaultWords(first)),
  [description, ...(dynamic ? ['Listed live from TikTok.'] : []), ...(hidden ? ['Hidden at first.'] : [])].join(' '),
];

const nameOf = (actions, slug) => actions.find((action) => action.slug === slug)?.name ?? slug;
const code = (text) => `\`${text}\``;
const row = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
const table = (heads, rows) => [row(heads), row(heads.map(() => '---')), ...rows.map(row)];

const before = fs.readFileSync(place, 'utf8');
const end = before.indexOf(marker);
if (end === -1) throw new Error(`${place} has lost its marker: ${marker}`);
const after = `${before.slice(0, end)}${marker}\n\n${reference(tiktokAudiences)}`;

if (!process.argv.includes('--check')) fs.writeFileSync(place, after);
else if (after !== before) {
  console.log('docs/tiktok-audiences.md is not what the catalog says: npm run reference');
  process.exit(1);
}
