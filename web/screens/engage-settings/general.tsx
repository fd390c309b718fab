import { TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { renameSpace } from '../../api/spaces.ts';
import { Copyable } from '../../ui/copy.tsx';
import { Form, SaveButton } from '../../ui/form.tsx';
import { useRefresh } from '../../ui/loaded.tsx';
import { useMay, useSpace } from '../../ui/space.ts';
import { confirmed } from '../../ui/toast.ts';
import classes from './general.module.css';

/** The space itself: its name, and the id that the API knows it by. */
export function General(): ReactNode {
  const space = useSpace();
  const may = useMay('editor');
  const refresh = useRefresh();
  const [name, setName] = useState(space.name);
  const submit = async (): Promise<void> => {
    await renameSpace(space.id, name.trim());
    await refresh();
    confirmed('Space saved.');
  };
  return (
    <div className={classes['general']}>
      <Form label="Space" submit={submit} check={() => (name.trim() === '' ? { name: 'Give the space a name.' } : {})}>
        {({ problems, sending }) => (
          <>
            <TextInput
              label="Space name"
              name="name"
              readOnly={!may}
              error={problems['name']}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            {name !== space.name && (
              <div>
                <SaveButton sending={sending}>Save Changes</SaveButton>
              </div>
            )}
          </>
        )}
      </Form>
      <p className={classes['label']}>Space id</p>
      <Copyable text={space.id} of="space id" />
    </div>
  );
}
