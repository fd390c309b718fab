import { Checkbox, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { MappingJson } from '../../../../contract/mapping-kit.ts';
import { audiencesQuery, connect } from '../../../api/audiences.ts';
import type { Destination } from '../../../api/destinations.ts';
import { createCounterpart, createMapping, type StoredMapping } from '../../../api/mappings.ts';
import { EmptyState } from '../../../ui/empty-state.tsx';
import { Form, FormActions, SaveButton } from '../../../ui/form.tsx';
import { count, number, people } from '../../../ui/format.ts';
import { useRefresh } from '../../../ui/loaded.tsx';
import { SidePanel } from '../../../ui/side-panel.tsx';
import { confirmed } from '../../../ui/toast.ts';
import { audienceKeyOf, isAdd } from './mapping-groups.ts';

interface Props {
  readonly destination: Destination;
  readonly mappings: readonly StoredMapping[];
  readonly max: number;
  readonly onClose: () => void;
}

/** **Add another audience**: the pair of an audience that is sent already, made again for others, and their connections. */
export function AddAudiences({ opened, ...props }: Props & { opened: boolean }): ReactNode {
  return (
    <SidePanel opened={opened} onClose={props.onClose} title="Add another audience">
      {opened && <AudienceForm {...props} />}
    </SidePanel>
  );
}

/** Segment's names, which the guide's triggers listen to. */
const usual = {
  sendTrack: true,
  sendIdentify: false,
  enteredEvent: 'Audience Entered',
  exitedEvent: 'Audience Exited',
};

function AudienceForm({ destination, mappings, max, onClose }: Props): ReactNode {
  const { spaceId, id: destinationId } = destination;
  const refresh = useRefresh();
  const [chosen, setChosen] = useState<string[]>([]);
  const audiences = useQuery(audiencesQuery(spaceId)).data?.data ?? [];
  const sent = new Set(mappings.map(audienceKeyOf));
  const free = audiences.filter(({ key }) => !sent.has(key));
  // The pair whose settings are taken: ad account, identifiers and trigger are the same for all audiences of a destination.
  const model = mappings.find((one) => isAdd(one) && audienceKeyOf(one) !== null);
  const wanted = free.filter(({ id }) => chosen.includes(id));
  const room = Math.floor((max - mappings.length) / 2);
  const add = async (): Promise<void> => {
    if (model === undefined) return;
    for (const audience of wanted) {
      const made = await createMapping(destinationId, {
        name: `Add Users: ${audience.key}`,
        actionSlug: model.actionSlug,
        trigger: model.trigger,
        settings: settingsFor(model, audience.key),
        enabled: true,
      });
      await createCounterpart({ destinationId, subscriptionId: made.id });
      await connect({ spaceId, audienceId: audience.id }, destinationId, usual);
    }
    await refresh();
    confirmed(`${count(wanted.length, 'audience')} added.`);
    onClose();
  };
  if (model === undefined || free.length === 0) {
    return (
      <EmptyState
        says={model === undefined ? 'No pair sends a single audience yet.' : 'Every audience is sent already.'}
        why={model === undefined ? 'Make the first one with New Mapping > Add Users.' : undefined}
      />
    );
  }
  return (
    <Form
      label="Add another audience"
      submit={add}
      check={() => checkOf(wanted.length, room)}
      kept="What was made before this stays; the rest was not made."
    >
      {({ problems, sending }) => (
        <>
          <Checkbox.Group
            label="Audiences"
            description={`With the settings of ${model.name}.`}
            error={problems['audiences']}
            value={chosen}
            onChange={setChosen}
          >
            <Stack gap="xs" mt="xs">
              {free.map(({ id, name, key, size }) => (
                <Checkbox
                  key={id}
                  value={id}
                  name="audiences"
                  label={name === key ? name : `${name} (${key})`}
                  description={`${number(size.count)} members`}
                />
              ))}
            </Stack>
          </Checkbox.Group>
          {wanted.length > 0 && <Sends audiences={wanted} perCall={perCallOf(destination)} />}
          <FormActions>
            <SaveButton sending={sending} disabled={wanted.length === 0}>
              {wanted.length > 1 ? `Add ${wanted.length} audiences` : 'Add audience'}
            </SaveButton>
          </FormActions>
        </>
      )}
    </Form>
  );
}

function checkOf(wanted: number, room: number): { audiences?: string } {
  if (wanted <= room) return {};
  return { audiences: `There is room for ${count(room, 'more audience')} in pairs.` };
}

/** What the members of the chosen audiences are: each of them is sent once its pair is there. */
function Sends({
  audiences,
  perCall,
}: {
  audiences: readonly { size: { count: number } }[];
  perCall: number;
}): ReactNode {
  const members = audiences.reduce((sum, { size }) => sum + size.count, 0);
  const calls = audiences.reduce((sum, { size }) => sum + Math.ceil(size.count / perCall), 0);
  return (
    <p role="status">
      Sends up to {people(members)} in {count(calls, 'call')}. Uses {count(audiences.length * 2, 'mapping')}.
    </p>
  );
}

const perCallOf = ({ settings }: Destination): number =>
  typeof settings['batchRows'] === 'number' ? settings['batchRows'] : 1_000;

/** The pair's settings for another audience: its key, and the audience at TikTok that is named like it. */
function settingsFor({ settings }: StoredMapping, key: string): Record<string, MappingJson> {
  const { audience_id: _, ...rest } = settings as Record<string, MappingJson>;
  return { ...rest, personas_audience_key: key };
}
