import type { ReactNode } from 'react';
import type { Destination } from '../../api/destinations.ts';

/** Added and removed, owed over time, by mapping, by error. */
export function DeliveryCharts(_: { destination: Destination }): ReactNode {
  return null;
}
