import { NativeSelect, NumberInput, Switch, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import type { FieldProblems } from '../../ui/form.tsx';
import { Card } from '../../ui/page.tsx';
import { useMay } from '../../ui/space.ts';
import type { Changes, Entries } from './entries.ts';
import classes from './settings.module.css';

interface MoreProps {
  readonly entries: Entries;
  readonly change: (part: Changes) => void;
  readonly problems: FieldProblems;
}

/** Closed at first: the defaults are right for nearly everybody. */
export function MoreSettings(props: MoreProps): ReactNode {
  return (
    <>
      <Closed title="Identifiers" hint="How e-mail addresses and phone numbers are written before they are hashed.">
        <Identifiers {...props} />
      </Closed>
      <Closed title="TikTok audiences" hint="What happens when TikTok has none of the key's name.">
        <CreateRule {...props} />
      </Closed>
      <Closed title="Sending" hint="How many people go in one call.">
        <Sending {...props} />
      </Closed>
    </>
  );
}

function Closed({ title, hint, children }: { title: string; hint: string; children: ReactNode }): ReactNode {
  return (
    <Card label={title}>
      <details>
        <summary className={classes['summary']}>{title}</summary>
        <div className={classes['fields']}>
          <p className={classes['hint']}>{hint}</p>
          {children}
        </div>
      </details>
    </Card>
  );
}

function Identifiers({ entries, change, problems }: MoreProps): ReactNode {
  const may = useMay('editor');
  return (
    <>
      <NativeSelect
        label="E-mail form"
        description="TikTok's own pages disagree; both forms together match the most."
        disabled={!may}
        data={[
          { value: 'api_doc', label: "As TikTok's API page says: without dots and what follows a plus" },
          { value: 'plain', label: 'As it is, in lower case' },
          { value: 'both', label: 'Both' },
        ]}
        value={entries.emailProfile}
        onChange={(event) => {
          const { value } = event.currentTarget;
          change({ emailProfile: value === 'plain' || value === 'both' ? value : 'api_doc' });
        }}
      />
      <TextInput
        label="Default phone country"
        name="settings.phoneDefaultRegion"
        description="Two letters, such as US: for numbers without a country code. Empty: such numbers are skipped."
        readOnly={!may}
        maxLength={2}
        w={240}
        error={problems['settings.phoneDefaultRegion']}
        value={entries.phoneDefaultRegion ?? ''}
        onChange={(event) => {
          const region = event.currentTarget.value.toUpperCase();
          change({ phoneDefaultRegion: region === '' ? null : region });
        }}
      />
      <Switch
        label="Phone also without +"
        description="Sends a second hash of each number, of its digits alone."
        disabled={!may}
        checked={entries.phoneAlsoWithoutPlus}
        onChange={(event) => change({ phoneAlsoWithoutPlus: event.currentTarget.checked })}
      />
    </>
  );
}

function CreateRule({ entries, change }: MoreProps): ReactNode {
  const may = useMay('editor');
  return (
    <Switch
      label="Create a TikTok audience when none has the key's name"
      description="Off: make it first, or choose one; until then its people wait."
      disabled={!may}
      checked={entries.createAudiences}
      onChange={(event) => change({ createAudiences: event.currentTarget.checked })}
    />
  );
}

function Sending({ entries, change, problems }: MoreProps): ReactNode {
  const may = useMay('editor');
  return (
    <NumberInput
      label="People per call"
      name="settings.batchRows"
      description="1 to 10,000. TikTok's limit sets the pace; 1,000 is usual."
      readOnly={!may}
      min={1}
      max={10_000}
      w={240}
      error={problems['settings.batchRows']}
      value={entries.batchRows}
      onChange={(value) => typeof value === 'number' && change({ batchRows: value })}
    />
  );
}
