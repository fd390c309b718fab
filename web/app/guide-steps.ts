export const steps = ['Audience', 'Destination', 'Connect', 'Mappings', 'Connection', 'Check'] as const;

/** What is there already, of one space. */
export interface SetUp {
  readonly audiences: number;
  readonly destinations: number;
  readonly connected: boolean;
  /** Why each destination is as it is (server/api/destination-state.ts). */
  readonly reasons: readonly string[];
  readonly onTikTok: boolean;
}

/** The first step that nobody has done yet. */
export function stepOf({ audiences, destinations, connected, reasons }: SetUp): number {
  if (audiences === 0) return 0;
  if (destinations === 0) return 1;
  if (!connected) return 2;
  const open = new Set(reasons);
  if (reasons.some((reason) => !reason.startsWith('setup-'))) return 5;
  return open.has('setup-audience') ? 4 : 3;
}
