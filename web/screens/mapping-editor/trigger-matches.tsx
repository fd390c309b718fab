import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { parseFql } from '../../../contract/fql-parse.ts';
import { recentMatchQuery } from '../../api/sources.ts';
import { useMay, useSpace } from '../../ui/space.ts';
import classes from './mapping-editor.module.css';

const restMs = 300;

/** Live beneath the trigger: how many of the last events it takes. */
export function TriggerMatches({ trigger }: { trigger: string }): ReactNode {
  const { id, name } = useSpace();
  const may = useMay('editor');
  const [rested] = useDebouncedValue(trigger, restMs);
  const readable = parseFql(rested).ok;
  const found = useQuery({ ...recentMatchQuery(id, rested), enabled: may && readable }).data;
  if (found === undefined || !readable) return null;
  return (
    <p className={classes['hint']} role="status">
      {sentenceOf(found, name)}
    </p>
  );
}

function sentenceOf({ of, matching }: { of: number; matching: readonly string[] }, space: string): string {
  if (of === 0) return 'Nothing has arrived lately to try it on.';
  if (matching.length === 0) return `No recent event matches: none of the last ${of} from ${space}.`;
  return `Matches ${matching.length} of the last ${of} events from ${space}.`;
}
