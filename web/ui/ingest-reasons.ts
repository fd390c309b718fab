/** Why an event was not taken, or not wholly, in words; the reasons are Segment's (server/ingest/reasons.ts). */
const words: Record<string, string> = {
  empty_batch: 'The batch held no event',
  empty_batch_result: 'Every event of a batch was bad',
  multi_user_error: 'Some events of a batch were bad; the good ones were kept',
  source_disabled: 'The source is disabled',
  unknown_source: 'No source has this write key',
  no_user_anon_id: 'Neither userId nor anonymousId',
  event_not_defined: 'A track event without a name',
  event_not_string: 'The event name is not a text',
  properties_not_object: 'The properties are not an object',
  traits_not_object: 'The traits are not an object',
  name_not_string: 'The name is not a text',
  category_not_string: 'The category is not a text',
  id_required: 'An id is missing',
  id_not_string: 'An id is not a text',
  consent_categorypreferences_should_exist: 'Consent without categoryPreferences',
  consent_categorypreferences_fields_should_be_object: 'The consent’s categoryPreferences are not an object',
  consent_categorypreferences_fields_should_be_bool: 'A consent category is neither true nor false',
  consent_version_should_be_number: 'The consent’s version is not a number',
  device_advertisingid_should_be_string: 'The device’s advertisingId is not a text',
  bad_request: 'The request could not be read',
  'membership from a public source':
    'A public write key may not move people into audiences; the rest of the event was kept',
};

export const ingestReason = (reason: string): string => words[reason] ?? reason;
