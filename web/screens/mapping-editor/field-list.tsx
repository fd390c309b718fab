import type { ReactNode } from 'react';
import type { MappingJson } from '../../../contract/mapping-kit.ts';
import type { Destination } from '../../api/destinations.ts';
import type { Fields, Tried } from '../../api/mappings.ts';
import { AdvertiserId, AudienceKey, TikTokAudience } from './destination-fields.tsx';
import { type Action, type Field, hasField } from './draft.ts';
import type { EventVariable } from './event-variables.ts';
import { FieldRow } from './field-row.tsx';
import classes from './mapping-editor.module.css';

interface FieldListProps {
  readonly destination: Destination;
  readonly action: Action;
  readonly settings: Fields;
  readonly mayEdit: boolean;
  readonly problems: Readonly<Partial<Record<string, string>>>;
  readonly set: (key: string, value: MappingJson | undefined) => void;
  readonly variables: readonly EventVariable[];
  readonly tried: Tried | null | undefined;
}

const special = ['selected_advertiser_id', 'personas_audience_key', 'audience_id'];
const flags = ['send_email', 'send_phone', 'send_advertising_id'];
const identifiers = ['email', 'phone', 'advertising_id', 'device_type'];
/** Kept for mappings that were made for Segment; nothing to decide about. */
const unused = ['event_name', 'batch_keys'];

/** The fields in a marketer's order: where to, whom, by what; then where that is found, and the rest. */
export function FieldList(props: FieldListProps): ReactNode {
  const { destination, action, settings, mayEdit, problems, set, tried } = props;
  const own = { destination, settings, mayEdit, problems, set };
  const of = (keys: readonly string[]): Field[] => action.fields.filter(({ key }) => keys.includes(key));
  const advertiser = of(['advertiser_id']);
  const others = action.fields.filter(
    ({ key }) => ![...special, ...flags, ...identifiers, ...unused, 'advertiser_id'].includes(key),
  );
  const isVital = action.slug === 'createAudience';
  return (
    <div className={classes['stack']}>
      {hasField(action, 'selected_advertiser_id') && (
        <div className={classes['stack']}>
          <AdvertiserId {...own} />
        </div>
      )}
      <Rows {...props} fields={advertiser} />
      {hasField(action, 'personas_audience_key') && (
        <>
          <AudienceKey {...own} />
          <TikTokAudience {...own} />
        </>
      )}
      <Rows {...props} fields={of(flags)} />
      {isVital && <Rows {...props} fields={others} />}
      {of(identifiers).length > 0 && (
        <details className={classes['more']} open={tried !== undefined && tried !== null}>
          <summary>Where the identifiers are</summary>
          <Rows {...props} fields={of(identifiers)} />
        </details>
      )}
      {!isVital && others.length > 0 && (
        <details className={classes['more']} open={others.some(({ key }) => problems[key] !== undefined)}>
          <summary>Advanced</summary>
          <Rows {...props} fields={others} />
        </details>
      )}
    </div>
  );
}

function Rows({
  fields,
  settings,
  mayEdit,
  problems,
  set,
  variables,
  tried,
}: FieldListProps & { fields: readonly Field[] }): ReactNode {
  return fields.map((field) => (
    <FieldRow
      key={field.key}
      field={field}
      value={settings[field.key]}
      onChange={(value) => set(field.key, value)}
      variables={variables}
      mayEdit={mayEdit}
      problem={problems[field.key]}
      result={tried ? { field: tried.fields.find(({ key }) => key === field.key) } : undefined}
    />
  ));
}
