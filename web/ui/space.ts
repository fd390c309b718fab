import { createContext, useContext } from 'react';

/** The space whose pages one is on; the shell provides it below /spaces/{space}. */
export interface CurrentSpace {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Names of those who could let somebody do more. */
  readonly owners: readonly string[];
}

export type Role = 'owner' | 'editor' | 'viewer';

export const SpaceContext = createContext<CurrentSpace | null>(null);

/** Only on pages of a space. */
export function useSpace(): CurrentSpace {
  const space = useContext(SpaceContext);
  if (space === null) throw new Error('this page is not below a space');
  return space;
}

export const useSpaceName = (): string | undefined => useContext(SpaceContext)?.name;

const ranks: Record<Role, number> = { viewer: 0, editor: 1, owner: 2 };

/** Whether the signed-in person may do in this space what needs this role. The API decides; this only shows it in time. */
export const useMay = (needed: Role): boolean => ranks[useSpace().role] >= ranks[needed];
