import { Button, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';
import { type Audience, changeAudience } from '../../api/audiences.ts';
import { Copyable } from '../../ui/copy.tsx';
import { Form, FormActions, SaveButton } from '../../ui/form.tsx';
import { ButtonLink } from '../../ui/links.tsx';
import { useRefresh } from '../../ui/loaded.tsx';
import { Card, Section } from '../../ui/page.tsx';
import { useMay } from '../../ui/space.ts';
import { confirmed } from '../../ui/toast.ts';
import { DeleteAudience } from './delete-audience.tsx';
import classes from './settings.module.css';

export function Settings({ audience }: { audience: Audience }): ReactNode {
  return (
    <div className={classes['settings']}>
      <AudienceKey audience={audience} />
      <NameAndDescription key={audience.id} audience={audience} />
      <Deletion audience={audience} />
    </div>
  );
}

function AudienceKey({ audience }: { audience: Audience }): ReactNode {
  const may = useMay('editor');
  const params = { space: audience.spaceId, audience: audience.id, tab: undefined };
  return (
    <Card label="Audience Key">
      <p className={classes['label']}>Audience Key</p>
      <Copyable text={audience.key} />
      <p className={classes['hint']}>No need to keep it: mappings offer it to you. It can never change.</p>
      <ButtonLink
        to="/spaces/$space/engage/audiences/$audience/{-$tab}"
        params={params}
        search={{ add: 'destinations' }}
        disabled={!may}
      >
        Add Destinations
      </ButtonLink>
    </Card>
  );
}

function NameAndDescription({ audience }: { audience: Audience }): ReactNode {
  const may = useMay('editor');
  const refresh = useRefresh();
  const [name, setName] = useState(audience.name);
  const [description, setDescription] = useState(audience.description);
  const changed = name !== audience.name || description !== audience.description;
  const submit = async (): Promise<void> => {
    await changeAudience(audience.spaceId, audience.id, { name: name.trim(), description });
    await refresh();
    confirmed('Audience saved.');
  };
  return (
    <Section title="Name and description" lead="Computed by: Segment (external).">
      <Form
        label="Name and description"
        submit={submit}
        check={() => (name.trim() === '' ? { name: 'Give the audience a name.' } : {})}
      >
        {({ problems, sending }) => (
          <>
            <TextInput
              label="Name"
              name="name"
              readOnly={!may}
              error={problems['name']}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Textarea
              label="Description"
              name="description"
              autosize
              minRows={2}
              readOnly={!may}
              error={problems['description']}
              value={description}
              onChange={(event) => setDescription(event.currentTarget.value)}
            />
            {changed && (
              <FormActions>
                <SaveButton sending={sending}>Save Changes</SaveButton>
                <Button
                  variant="default"
                  onClick={() => {
                    setName(audience.name);
                    setDescription(audience.description);
                  }}
                >
                  Discard
                </Button>
              </FormActions>
            )}
          </>
        )}
      </Form>
    </Section>
  );
}

function Deletion({ audience }: { audience: Audience }): ReactNode {
  const may = useMay('owner');
  const [asking, dialog] = useDisclosure(false);
  return (
    <Section title="Delete this audience" lead="Its connections end, and its key is never given again.">
      <Button variant="outline" color="danger" disabled={!may} onClick={dialog.open}>
        Delete audience
      </Button>
      <DeleteAudience audience={audience} opened={asking} onClose={dialog.close} />
    </Section>
  );
}
