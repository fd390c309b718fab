import { Autocomplete, Button, Radio, Select, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { audiencesQuery } from '../../api/audiences.ts';
import type { Destination } from '../../api/destinations.ts';
import { choicesQuery, type Fields } from '../../api/mappings.ts';
import { feedableQuery, targetsQuery } from '../../api/targets.ts';
import { number } from '../../ui/format.ts';
import { Card } from '../../ui/page.tsx';
import { Problem } from '../../ui/problem.tsx';
import { useSpace } from '../../ui/space.ts';
import classes from './mapping-editor.module.css';

interface FieldsProps {
  readonly destination: Destination;
  readonly settings: Fields;
  readonly mayEdit: boolean;
  readonly problems: Readonly<Partial<Record<string, string>>>;
  readonly set: (key: string, value: string | undefined) => void;
}

const textOf = (settings: Fields, key: string): string => {
  const value = settings[key];
  return typeof value === 'string' ? value : '';
};

/** The ad accounts as TikTok lists them now; where it does not, the id is typed. Ids are text: 19 digits are no number. */
export function AdvertiserId({ destination, settings, mayEdit, problems, set }: FieldsProps): ReactNode {
  const query = useQuery({ ...choicesQuery(destination.id, 'selected_advertiser_id'), enabled: mayEdit });
  const value = textOf(settings, 'selected_advertiser_id');
  const common = { label: 'Advertiser ID', name: 'selected_advertiser_id', error: problems['selected_advertiser_id'] };
  const { data: found } = query;
  if (found?.error !== undefined && found.choices.length === 0) {
    return (
      <TextInput
        {...common}
        description={`TikTok did not list the ad accounts (${found.error.code}). You can type the ID.`}
        readOnly={!mayEdit}
        value={value}
        onChange={(event) => set('selected_advertiser_id', event.currentTarget.value.trim())}
      />
    );
  }
  const choices = found?.choices ?? [];
  const known = value === '' || choices.some((one) => one.value === value);
  return (
    <>
      <div className={classes['inputs']}>
        <Select
          {...common}
          description="The ad account that holds the audience."
          placeholder={found === undefined && mayEdit ? 'Asking TikTok…' : 'Choose an ad account'}
          searchable
          readOnly={!mayEdit}
          data={known ? choices : [{ value, label: value }, ...choices]}
          value={value === '' ? null : value}
          onChange={(chosen) => set('selected_advertiser_id', chosen ?? undefined)}
          renderOption={({ option }) => (
            <span>
              {option.label}
              {option.label !== option.value && (
                <>
                  <br />
                  <code>{option.value}</code>
                </>
              )}
            </span>
          )}
        />
        <Button variant="default" disabled={!mayEdit} onClick={() => void query.refetch()}>
          Refresh
        </Button>
      </div>
      {found !== undefined && !known && (
        <Problem
          level="attention"
          happened={`${value} is no longer granted to this connection.`}
          kept="Its changes are kept."
          next="Reconnect TikTok under Settings, or choose another ad account."
        />
      )}
    </>
  );
}

/** The audience by its key: chosen from those of the space, or typed for one that is still to come. */
export function AudienceKey({ settings, mayEdit, problems, set }: FieldsProps): ReactNode {
  const space = useSpace();
  const audiences = useQuery(audiencesQuery(space.id)).data?.data;
  const value = textOf(settings, 'personas_audience_key');
  const unknown = value !== '' && audiences !== undefined && !audiences.some(({ key }) => key === value.trim());
  const near = audiences?.find(({ key }) => key.toLowerCase() === value.trim().toLowerCase());
  return (
    <Autocomplete
      label="Segment Engage Audience Key"
      name="personas_audience_key"
      description={
        unknown
          ? `No audience in ${space.name} has this key yet. Events are kept out until one arrives.${near ? ` Did you mean ${near.key}?` : ''}`
          : 'Only events of this audience pass. Others are filtered, not failed.'
      }
      error={problems['personas_audience_key']}
      readOnly={!mayEdit}
      spellCheck={false}
      data={(audiences ?? []).map(({ key }) => key)}
      renderOption={({ option }) => {
        const audience = audiences?.find(({ key }) => key === option.value);
        return (
          <span>
            <code>{option.value}</code> {audience && `${audience.name} · ${number(audience.size.count)} members`}
          </span>
        );
      }}
      value={value}
      onChange={(key) => set('personas_audience_key', key)}
      onBlur={() => set('personas_audience_key', value.trim())}
    />
  );
}

/** Which TikTok audience is meant: the one named like the key, or one that is chosen. */
export function TikTokAudience({ destination, settings, mayEdit, set }: FieldsProps): ReactNode {
  const key = textOf(settings, 'personas_audience_key').trim();
  const advertiserId = textOf(settings, 'selected_advertiser_id');
  const chosen = textOf(settings, 'audience_id');
  const [choosing, setChoosing] = useState(chosen !== '');
  const found = useQuery({ ...feedableQuery(destination.id, advertiserId), enabled: mayEdit && advertiserId !== '' });
  const choices = found.data?.choices ?? [];
  return (
    <Card label="TikTok audience">
      <div className={classes['stack']}>
        <Radio.Group
          label="TikTok audience"
          value={choosing ? 'chosen' : 'named'}
          onChange={(value) => {
            setChoosing(value === 'chosen');
            if (value === 'named') set('audience_id', undefined);
          }}
        >
          <Stack gap="xs" mt="xs">
            <Radio value="named" label="Same name as the Audience Key" disabled={!mayEdit} />
            <Radio value="chosen" label="Choose an existing one" disabled={!mayEdit} />
          </Stack>
        </Radio.Group>
        {choosing ? (
          <Select
            label="Audience"
            description="Only Partner Audiences can be changed from here."
            searchable
            readOnly={!mayEdit}
            placeholder={advertiserId === '' ? 'Choose the ad account first' : 'Choose an audience'}
            data={choices.map(({ label, value }) => ({ value, label: `${label} · ${value}` }))}
            value={chosen === '' ? null : chosen}
            onChange={(value) => set('audience_id', value ?? undefined)}
          />
        ) : (
          key !== '' && (
            <NamedAudience
              destination={destination}
              place={{ key, advertiserId }}
              choices={found.data?.choices}
              choose={(id) => {
                setChoosing(true);
                set('audience_id', id);
              }}
            />
          )
        )}
      </div>
    </Card>
  );
}

function NamedAudience({
  destination,
  place: { key, advertiserId },
  choices,
  choose,
}: {
  destination: Destination;
  place: { key: string; advertiserId: string };
  choices: readonly { label: string; value: string }[] | undefined;
  choose: (id: string) => void;
}): ReactNode {
  const targets = useQuery(targetsQuery(destination.id)).data ?? [];
  const target = targets.find((one) => one.name === key && one.advertiserId === advertiserId && one.state === 'ready');
  const named = choices?.filter(({ label }) => label === key) ?? [];
  const id = target?.tiktokId ?? (named.length === 1 ? named[0]?.value : undefined);
  if (id !== undefined) return <p role="status">{`Found: ${key} · ID ${id} · Partner Audience`}</p>;
  if (named.length > 1) {
    return (
      <Problem
        level="attention"
        happened={`This ad account has ${named.length} TikTok audiences called ${key}, so Usher does not guess.`}
        kept="Who enters waits until one is chosen."
        next={named.map(({ value }) => (
          <Button key={value} size="xs" variant="default" onClick={() => choose(value)}>
            {`Choose ${value}`}
          </Button>
        ))}
      />
    );
  }
  if (destination.settings['createAudiences'] === false) {
    return (
      <Problem
        level="attention"
        happened={`This ad account has no TikTok audience called ${key}, and creating is off.`}
        kept="Who enters waits."
        next="Choose another one, or let this destination create audiences under Settings."
      />
    );
  }
  if (advertiserId !== '' && choices === undefined) return <p role="status">Looking at TikTok…</p>;
  return <p role="status">Not there yet. Usher creates it with the first person.</p>;
}
