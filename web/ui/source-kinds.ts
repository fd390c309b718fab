import type { SourceKind } from '../api/sources.ts';

interface KindWords {
  readonly name: string;
  readonly says: string;
}

/** What a kind of source is for; its kind decides whether its write keys are public. */
export const kindWords: Record<SourceKind, KindWords> = {
  webhook: { name: 'Segment', says: 'Segment forwards Engage events here. The write key stays secret.' },
  website: {
    name: 'Website',
    says: 'analytics.js in a page. Everybody can read its key, so it moves nobody into an audience.',
  },
  server: {
    name: 'Server',
    says: 'Your own servers send with one of Segment’s libraries. The write key stays secret.',
  },
  mobile: { name: 'Mobile app', says: 'Segment’s mobile libraries. Its key can be read out of the app.' },
};

/** The kinds that a person chooses from, the commonest first. */
export const offeredKinds: readonly SourceKind[] = ['webhook', 'website', 'server'];

/** The write keys of these may be read again; those of the others are shown once. */
export const hasPublicKeys = (kind: SourceKind): boolean => kind === 'website' || kind === 'mobile';
