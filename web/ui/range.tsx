import { SegmentedControl } from '@mantine/core';
import type { ReactNode } from 'react';
import { isRange, type Range, ranges } from '../api/delivery.ts';
import { useSearchState } from './search-state.ts';

/** How far back a page looks; stands in its address. */
export function useRange(): [Range, ReactNode] {
  const [text, setText] = useSearchState('range', '24h', 'push');
  const range = isRange(text) ? text : '24h';
  const data = Object.entries(ranges).map(([value, { name }]) => ({ value, label: name }));
  const control = (
    <SegmentedControl key="range" aria-label="Range" size="xs" data={data} value={range} onChange={setText} />
  );
  return [range, control];
}
