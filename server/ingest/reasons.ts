/** Why something did not come through, as Delivery Overview names it (segment-spec.md 1.4), and what is Usher's own. */
export type FailureReason =
  | 'empty_batch'
  | 'source_disabled'
  | 'unknown_source'
  | 'no_user_anon_id'
  | 'event_not_defined'
  | 'event_not_string'
  | 'properties_not_object'
  | 'traits_not_object'
  | 'name_not_string'
  | 'category_not_string'
  | 'id_required'
  | 'id_not_string'
  | 'consent_categorypreferences_should_exist'
  | 'consent_categorypreferences_fields_should_be_object'
  | 'consent_categorypreferences_fields_should_be_bool'
  | 'device_advertisingid_should_be_string'
  | 'consent_version_should_be_number'
  | 'bad_request';

/** Of a whole batch: some items were bad and the good ones kept, or all were bad. Counted a request, beside the items' own reasons. */
export type BatchReason = 'multi_user_error' | 'empty_batch_result';

/** Rule 4: the event was kept, its membership not. */
export const publicMembership = 'membership from a public source';
