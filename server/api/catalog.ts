import { createRoute, z } from '@hono/zod-openapi';
import type { CatalogDestination, SettingDefinition } from '../../contract/catalog.ts';
import { catalogDestinations } from '../destinations/destinations.ts';
import { forViewers } from './access.ts';
import { type Api, notFound } from './http.ts';
import type { ApiParts } from './parts.ts';
import { listOf, oneOf, refusals } from './shapes.ts';

const fieldSchema = z.object({
  key: z.string(),
  label: z.string(),
  description: z.string(),
  type: z.enum(['string', 'number', 'integer', 'boolean']),
  required: z.union([z.boolean(), z.object({ unless: z.string() })]),
  multiple: z.boolean(),
  default: z.unknown().openapi({ description: 'copied into a new mapping' }),
  dynamic: z.boolean().openapi({ description: 'POST …/fields/{key}/choices lists values' }),
  hidden: z.boolean(),
  category: z.string().nullable(),
});
const settingSchema = z.object({
  key: z.string(),
  label: z.string(),
  description: z.string(),
  type: fieldSchema.shape.type,
  default: z.union([z.string(), z.number(), z.boolean()]).nullable(),
  choices: z.array(z.object({ value: z.string(), label: z.string() })),
});
const catalogSchema = z
  .object({
    metadataId: z.string(),
    slug: z.string(),
    name: z.string(),
    description: z.string(),
    settings: z.array(settingSchema),
    audienceSettings: z.array(settingSchema).openapi({ description: 'of each connection of an audience' }),
    actions: z.array(
      z.object({
        slug: z.string(),
        name: z.string(),
        description: z.string(),
        defaultTrigger: z.string(),
        fields: z.array(fieldSchema),
      }),
    ),
    presets: z.array(
      z.object({ name: z.string(), actionSlug: z.string(), trigger: z.string(), eventSlug: z.string().nullable() }),
    ),
    mappingsMax: z.int().openapi({ description: 'how many mappings a destination may have (USHER_MAX_MAPPINGS)' }),
  })
  .openapi('CatalogDestination');

export function catalog(app: Api, { mappingsMax }: ApiParts): void {
  app.openapi(listRoute, (c) => {
    const data = catalogDestinations.map((entry) => entryToJson(entry, mappingsMax));
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });

  app.openapi(getRoute, (c) => {
    const { metadataId } = c.req.valid('param');
    const entry = catalogDestinations.find((one) => one.metadataId === metadataId);
    if (!entry) throw notFound();
    return c.json({ data: entryToJson(entry, mappingsMax) }, 200);
  });
}

const tags = ['Catalog'];

const listRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/catalog/destinations',
  summary: 'Kinds of destinations with their actions, fields and presets',
  responses: { 200: listOf(catalogSchema), ...refusals },
});

const getRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/catalog/destinations/{metadataId}',
  summary: 'One kind of destination',
  request: { params: z.object({ metadataId: z.string().max(100) }) },
  responses: { 200: oneOf(catalogSchema), ...refusals },
});

const entryToJson = (entry: CatalogDestination, mappingsMax: number): z.infer<typeof catalogSchema> => ({
  metadataId: entry.metadataId,
  slug: entry.slug,
  name: entry.name,
  description: entry.description,
  settings: entry.settings.map(settingToJson),
  audienceSettings: entry.audienceSettings.map(settingToJson),
  actions: entry.actions.map((action) => ({
    ...action,
    fields: action.fields.map((field) => ({
      ...field,
      multiple: field.multiple ?? false,
      default: field.default ?? null,
      dynamic: field.dynamic ?? false,
      hidden: field.hidden ?? false,
      category: field.category ?? null,
    })),
  })),
  presets: entry.presets.map((preset) => ({ ...preset, eventSlug: preset.eventSlug ?? null })),
  mappingsMax,
});

const settingToJson = (setting: SettingDefinition): z.infer<typeof settingSchema> => ({
  ...setting,
  default: setting.default ?? null,
  choices: [...(setting.choices ?? [])],
});
