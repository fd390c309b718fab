import { Radio, Stack } from '@mantine/core';
import type { ReactNode } from 'react';

export type PeopleChoice = 'keep' | 'remove';

/** What becomes of the people at TikTok when what brought them there ends. There is no default: both are somebody's wish. */
export function PeopleAtTikTok({
  value,
  onChange,
}: {
  value: PeopleChoice | undefined;
  onChange: (choice: PeopleChoice) => void;
}): ReactNode {
  return (
    <Radio.Group
      label="What becomes of them?"
      value={value ?? null}
      onChange={(chosen) => onChange(chosen === 'keep' ? 'keep' : 'remove')}
    >
      <Stack gap="xs" mt="xs">
        <Radio value="keep" label="Leave them on TikTok, as Segment does" />
        <Radio value="remove" label="Take them off TikTok first" />
      </Stack>
    </Radio.Group>
  );
}
