import type { Destination, DestinationChange } from '../../api/destinations.ts';

/** What can be changed under Settings, in one form. */
export interface Entries {
  readonly name: string;
  readonly enabled: boolean;
  readonly emailProfile: 'api_doc' | 'plain' | 'both';
  readonly phoneDefaultRegion: string | null;
  readonly phoneAlsoWithoutPlus: boolean;
  readonly createAudiences: boolean;
  readonly batchRows: number;
}
export type Changes = Partial<Entries>;

export function entriesOf({ name, enabled, settings }: Destination): Entries {
  const { emailProfile, phoneDefaultRegion, phoneAlsoWithoutPlus, createAudiences, batchRows } = settings;
  return {
    name,
    enabled,
    emailProfile: emailProfile === 'plain' || emailProfile === 'both' ? emailProfile : 'api_doc',
    phoneDefaultRegion: typeof phoneDefaultRegion === 'string' ? phoneDefaultRegion : null,
    phoneAlsoWithoutPlus: phoneAlsoWithoutPlus === true,
    createAudiences: createAudiences !== false,
    batchRows: typeof batchRows === 'number' ? batchRows : 1_000,
  };
}

/** Only what differs from what is saved: somebody else's change of another field stays. */
export function realChanges(saved: Entries, changes: Changes): Changes {
  const given = Object.entries(changes).filter(([name, value]) => saved[name as keyof Entries] !== value);
  return Object.fromEntries(given);
}

export function toChange({ name, enabled, ...settings }: Changes): DestinationChange {
  return {
    ...(name === undefined ? {} : { name: name.trim() }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  };
}

/** Settings by which hashes are made: everybody is looked at again. */
export function identifiersIn({ emailProfile, phoneDefaultRegion, phoneAlsoWithoutPlus }: Changes): Changes {
  return {
    ...(emailProfile === undefined ? {} : { emailProfile }),
    ...(phoneDefaultRegion === undefined ? {} : { phoneDefaultRegion }),
    ...(phoneAlsoWithoutPlus === undefined ? {} : { phoneAlsoWithoutPlus }),
  };
}

/** Out of the address that the browser came back to from TikTok: anything may stand there. */
export function changesFrom(text: string): Changes {
  if (text === '') return {};
  try {
    const given: unknown = JSON.parse(text);
    if (typeof given !== 'object' || given === null) return {};
    return Object.fromEntries(Object.entries(given).filter(([name, value]) => fits(name, value)));
  } catch {
    return {};
  }
}

function fits(name: string, value: unknown): boolean {
  switch (name) {
    case 'name':
      return typeof value === 'string';
    case 'enabled':
    case 'phoneAlsoWithoutPlus':
    case 'createAudiences':
      return typeof value === 'boolean';
    case 'emailProfile':
      return value === 'api_doc' || value === 'plain' || value === 'both';
    case 'phoneDefaultRegion':
      return value === null || typeof value === 'string';
    case 'batchRows':
      return typeof value === 'number';
    default:
      return false;
  }
}
