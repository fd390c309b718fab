/** What can be configured: the TikTok Audiences destination, its actions and fields, as data (segment-spec.md 7.3-7.6). */
import { isSupportedCountry } from 'libphonenumber-js';
import { z } from 'zod';
import type { ActionDefinition, CatalogDestination, FieldDefinition, Preset } from '../../contract/catalog.ts';
import type { MappingJson } from '../../contract/mapping-kit.ts';
import { audienceSettingDefinitions, settingDefinitions } from './setting-definitions.ts';

export const tiktokMetadataId = 'actions-tiktok-audiences';

/** A destination's settings; every one has a default, so `{}` is a complete set. */
export const destinationSettingsSchema = z.strictObject({
  /** How an e-mail is normalised before hashing; TikTok's own pages disagree (tiktok-api.md 8.1, 8.3). */
  emailProfile: z.enum(['api_doc', 'plain', 'both']).default('api_doc'),
  /** ISO country for phones written without a country code; null: such phones are skipped. */
  phoneDefaultRegion: z
    .string()
    .refine((region) => isSupportedCountry(region), 'must be a two-letter country code such as US')
    .nullable()
    .default(null),
  /** Send a second hash of each phone, of its digits without the plus. */
  phoneAlsoWithoutPlus: z.boolean().default(false),
  /** Create a missing audience at TikTok. Off: as in the seed, it must be there first (segment-spec.md 0, step 4a). */
  createAudiences: z.boolean().default(true),
  /** Rows in one call; TikTok's own limit is not published, 10,000 the highest a vendor states (segment-spec.md 7.1). */
  batchRows: z.int().min(1).max(10_000).default(1000),
});
export type DestinationSettings = z.infer<typeof destinationSettingsSchema>;

export const tiktokAudiences: CatalogDestination = {
  metadataId: tiktokMetadataId,
  slug: tiktokMetadataId,
  name: 'TikTok Audiences',
  description: 'Keeps TikTok Custom Audiences equal to your audiences.',
  settings: settingDefinitions,
  audienceSettings: audienceSettingDefinitions,
  actions: actions(),
  presets: presets(),
};

export const catalogDestinations: readonly CatalogDestination[] = [tiktokAudiences];

export const findAction = (slug: string): ActionDefinition | undefined =>
  tiktokAudiences.actions.find((action) => action.slug === slug);

function actions(): ActionDefinition[] {
  return [
    {
      slug: 'addUser',
      name: 'Add Users',
      description: 'Adds users to the TikTok audience that is named like their audience key.',
      defaultTrigger: 'event = "Audience Entered"',
      fields: namedFields(),
    },
    {
      slug: 'removeUser',
      name: 'Remove Users',
      description: 'Removes users from the TikTok audience that is named like their audience key.',
      defaultTrigger: 'event = "Audience Exited"',
      fields: namedFields(),
    },
    {
      slug: 'createAudience',
      name: 'Create Audience',
      description: "Creates a TikTok audience from Test Mapping. Changes nobody's membership.",
      defaultTrigger: 'event = "Create Audience"',
      fields: [advertiser(), audienceName({ required: true })],
    },
    {
      slug: 'addToAudience',
      name: 'Add to Audience',
      description: 'Adds users to the audience that belongs to the event; one mapping serves all audiences.',
      defaultTrigger: 'event = "Audience Entered"',
      fields: nativeFields(),
    },
    {
      slug: 'removeFromAudience',
      name: 'Remove from Audience',
      description: 'Removes users from the audience that belongs to the event; one mapping serves all audiences.',
      defaultTrigger: 'event = "Audience Exited"',
      fields: nativeFields(),
    },
    {
      slug: 'syncAudience',
      name: 'Sync Audience',
      description: 'Adds or removes users as the membership in the event says; one mapping serves all audiences.',
      defaultTrigger: 'type = "track"',
      fields: [...nativeFields(), batchKeys()],
    },
  ];
}

/** The seed's fields (7.3) with phone, device type and audience id beside them. */
function namedFields(): FieldDefinition[] {
  return [
    advertiser(),
    audienceName({ required: { unless: 'audience_id' } }),
    {
      key: 'audience_id',
      label: 'Audience ID',
      description: 'The TikTok audience, chosen by its ID instead of its name. Wins over the name.',
      type: 'string',
      required: false,
      dynamic: true,
    },
    {
      key: 'personas_audience_key',
      label: 'Segment Engage Audience Key',
      description: "The Audience Key from the audience's settings, typed in. Events of other audiences are left out.",
      type: 'string',
      required: true,
    },
    ...identifierFields({ email: { '@path': '$.context.traits.email' }, hidden: true }),
    ...plumbing({ batchingHidden: false }),
  ];
}

function nativeFields(): FieldDefinition[] {
  return [
    {
      key: 'advertiser_id',
      label: 'Advertiser ID',
      description: "The ad account. Comes with the audience's connection; direct events need it typed in.",
      type: 'string',
      required: true,
      default: { '@path': '$.context.personas.audience_settings.advertiserId' },
      dynamic: true,
    },
    ...identifierFields({ email: traitOrProperty('email'), hidden: false }),
    ...plumbing({ batchingHidden: true }),
    {
      key: 'external_audience_id',
      label: 'External Audience ID',
      description: "The TikTok audience's ID, as stored with the audience.",
      type: 'string',
      required: false,
      default: { '@path': '$.context.personas.external_audience_id' },
      hidden: true,
    },
    {
      ...audienceName({ required: false }),
      description: "The TikTok audience's name, used while its ID is not known.",
      default: { '@path': '$.context.personas.computation_key' },
      hidden: true,
    },
  ];
}

function advertiser(): FieldDefinition {
  return {
    key: 'selected_advertiser_id',
    label: 'Advertiser ID',
    description: 'The ad account that holds the audience.',
    type: 'string',
    required: true,
    dynamic: true,
  };
}

function audienceName(options: { required: FieldDefinition['required'] }): FieldDefinition {
  return {
    key: 'custom_audience_name',
    label: 'Custom Audience Name',
    description: "The TikTok audience's name, 1 to 70 characters. Equals the Audience Key unless you change it.",
    type: 'string',
    required: options.required,
    default: { '@path': '$.properties.audience_key' },
  };
}

function identifierFields(options: { email: MappingJson; hidden: boolean }): FieldDefinition[] {
  const { hidden } = options;
  return [
    identifier('email', 'User Email', { default: options.email, hidden }),
    identifier('phone', 'User Phone Number', { default: traitOrProperty('phone'), hidden: false }),
    identifier('advertising_id', 'User Advertising ID', {
      default: { '@path': '$.context.device.advertisingId' },
      hidden,
    }),
    {
      key: 'device_type',
      label: 'Device Type',
      description: 'ios or android: says what kind of advertising ID it is. Others are skipped.',
      type: 'string',
      required: false,
      default: { '@path': '$.context.device.type' },
      hidden,
    },
    sendFlag('send_email', 'Send Email?'),
    sendFlag('send_phone', 'Send Phone Number?'),
    sendFlag('send_advertising_id', 'Send Mobile Advertising ID?'),
  ];
}

function identifier(key: string, label: string, options: { default: MappingJson; hidden: boolean }): FieldDefinition {
  return {
    key,
    label,
    description: 'Normalised and hashed here; only the hash leaves.',
    type: 'string',
    required: false,
    category: 'hashedPII',
    ...options,
  };
}

function sendFlag(key: string, label: string): FieldDefinition {
  return {
    key,
    label,
    description: 'When off, this identifier is not sent.',
    type: 'boolean',
    required: false,
    default: true,
  };
}

function plumbing(options: { batchingHidden: boolean }): FieldDefinition[] {
  return [
    {
      key: 'event_name',
      label: 'Event Name',
      description: 'Kept for mappings made for Segment; not used.',
      type: 'string',
      required: false,
      default: { '@path': '$.event' },
      hidden: true,
    },
    {
      key: 'enable_batching',
      label: 'Enable Batching',
      description: 'Kept for mappings made for Segment; rows always travel in batches.',
      type: 'boolean',
      required: false,
      default: true,
      hidden: options.batchingHidden,
    },
  ];
}

function batchKeys(): FieldDefinition {
  return {
    key: 'batch_keys',
    label: 'Batch Keys',
    description: 'Kept for mappings made for Segment; not used.',
    type: 'string',
    required: false,
    multiple: true,
    default: ['send_email', 'send_phone', 'send_advertising_id'],
    hidden: true,
  };
}

/** "if it exists under context.traits then that, else the property" (7.5). */
function traitOrProperty(name: string): MappingJson {
  const trait = { '@path': `$.context.traits.${name}` };
  return { '@if': { exists: trait, then: trait, else: { '@path': `$.properties.${name}` } } };
}

function presets(): Preset[] {
  return [
    { name: 'Add Users', actionSlug: 'addUser', trigger: 'event = "Audience Entered"' },
    { name: 'Remove Users', actionSlug: 'removeUser', trigger: 'event = "Audience Exited"' },
    {
      name: 'Entities Audience Entered',
      actionSlug: 'addToAudience',
      trigger: 'event = "Audience Entered"',
      eventSlug: 'warehouse_audience_entered_track',
    },
    {
      name: 'Entities Audience Exited',
      actionSlug: 'removeFromAudience',
      trigger: 'event = "Audience Exited"',
      eventSlug: 'warehouse_audience_exited_track',
    },
    {
      name: 'Journeys Step Entered',
      actionSlug: 'addToAudience',
      trigger: 'type = "track"',
      eventSlug: 'journeys_step_entered_track',
    },
    {
      name: 'Journey Step All Events',
      actionSlug: 'syncAudience',
      trigger: 'type = "track"',
      eventSlug: 'journey_step_all_events_track',
    },
  ];
}
