import type { SettingDefinition } from '../../contract/catalog.ts';

/** What `destinationSettingsSchema` (catalog.ts) checks, for people: the same keys and defaults, held together by a test. */
export const settingDefinitions: readonly SettingDefinition[] = [
  {
    key: 'emailProfile',
    label: 'E-mail form',
    description: "How an address is written before it is hashed. TikTok's own pages disagree; both match the most.",
    type: 'string',
    default: 'api_doc',
    choices: [
      { value: 'api_doc', label: "as TikTok's API page says: without dots and what follows a plus" },
      { value: 'plain', label: 'as it is, in lower case' },
      { value: 'both', label: 'both' },
    ],
  },
  {
    key: 'phoneDefaultRegion',
    label: 'Default phone country',
    description: 'Two letters, such as US: for numbers without a country code. Empty: such numbers are skipped.',
    type: 'string',
  },
  {
    key: 'phoneAlsoWithoutPlus',
    label: 'Phone also without +',
    description: 'Sends a second hash of each number, of its digits alone.',
    type: 'boolean',
    default: false,
  },
  {
    key: 'createAudiences',
    label: "Create a TikTok audience when none has the key's name",
    description: 'Off: make it first, or choose one; until then its people wait.',
    type: 'boolean',
    default: true,
  },
  {
    key: 'batchRows',
    label: 'People per call',
    description: "1 to 10,000. TikTok's limit sets the pace; 1,000 is usual.",
    type: 'integer',
    default: 1000,
  },
];

/** Of each connection of an audience to a destination; read by Add to, Remove from and Sync Audience. */
export const audienceSettingDefinitions: readonly SettingDefinition[] = [
  {
    key: 'advertiserId',
    label: 'Advertiser ID',
    description: 'The ad account that holds the audience. Add Users and Remove Users name it in the mapping instead.',
    type: 'string',
  },
  {
    key: 'audienceId',
    label: 'Audience ID',
    description: 'The TikTok audience, chosen by its ID. Empty: the one that is named like the Audience Key.',
    type: 'string',
  },
];
