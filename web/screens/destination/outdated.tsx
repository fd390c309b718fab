import { Button, Modal } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Form, FormActions, SaveButton } from '../../ui/form.tsx';
import type { Changes, Entries } from './entries.ts';

/** Somebody else saved these settings meanwhile (412): nothing is lost, and nothing is written over unasked. */
export function Outdated({
  words,
  theirs,
  mine,
  saveMine,
  onClose,
}: {
  words: string;
  theirs: Entries;
  mine: Changes;
  saveMine: () => Promise<void>;
  onClose: () => void;
}): ReactNode {
  const [comparing, setComparing] = useState(false);
  const rows = Object.entries(mine).map(([name, value]) => ({
    name: names[name as keyof Entries],
    theirs: shown(theirs[name as keyof Entries]),
    mine: shown(value),
  }));
  return (
    <Modal
      opened
      onClose={onClose}
      title="Somebody else saved these settings"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Form label="Somebody else saved these settings" submit={saveMine} kept="Your changes are still in the form.">
        {({ sending }) => (
          <>
            <p>{words}</p>
            <p>Your changes are still in the form.</p>
            {comparing && (
              <DataTable label="Theirs and yours" columns={columns} rows={rows} rowKey={({ name }) => name} />
            )}
            <FormActions>
              {!comparing && <Button onClick={() => setComparing(true)}>Compare</Button>}
              <SaveButton sending={sending} variant="default">
                Save mine
              </SaveButton>
              <Button variant="default" onClick={onClose}>
                Keep editing
              </Button>
            </FormActions>
          </>
        )}
      </Form>
    </Modal>
  );
}

interface Row {
  readonly name: string;
  readonly theirs: string;
  readonly mine: string;
}

const columns: readonly Column<Row>[] = [
  { name: 'Setting', cell: ({ name }) => name },
  { name: 'Saved', cell: ({ theirs }) => theirs },
  { name: 'Yours', cell: ({ mine }) => mine },
];

const names: Record<keyof Entries, string> = {
  name: 'Destination name',
  enabled: 'Enable Destination',
  emailProfile: 'E-mail form',
  phoneDefaultRegion: 'Default phone country',
  phoneAlsoWithoutPlus: 'Phone also without +',
  createAudiences: 'Create a TikTok audience',
  batchRows: 'People per call',
};

const shown = (value: Entries[keyof Entries]): string =>
  value === true ? 'On' : value === false ? 'Off' : value === null ? 'None' : String(value);
