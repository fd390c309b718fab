import { z } from 'zod';

/**
 * Ids as the API and the pages show them: a prefix and the number of the database, `dst_12`. The prefix follows Segment's
 * (`spa_`, `aud_`); the number is no secret, access is decided by role and space (design.md 7).
 */
const prefixes = {
  space: 'spa',
  source: 'src',
  audience: 'aud',
  destination: 'dst',
  mapping: 'map',
  target: 'tgt',
  person: 'use',
  token: 'tok',
  request: 'req',
  writeKey: 'key',
  user: 'usr',
  session: 'ses',
  invitation: 'inv',
} as const;
export type IdKind = keyof typeof prefixes;

declare const idOf: unique symbol;
/** The number of a thing in the database. */
export type Id<Kind extends IdKind> = number & { readonly [idOf]: Kind };

export type SpaceId = Id<'space'>;
export type SourceId = Id<'source'>;
export type AudienceId = Id<'audience'>;
export type DestinationId = Id<'destination'>;
export type MappingId = Id<'mapping'>;
export type TargetId = Id<'target'>;
export type PersonId = Id<'person'>;
export type TokenId = Id<'token'>;
export type UserId = Id<'user'>;
export type SessionId = Id<'session'>;
export type InvitationId = Id<'invitation'>;

export const idToText = <Kind extends IdKind>(kind: Kind, id: Id<Kind>): string => `${prefixes[kind]}_${id}`;

/** A schema that takes `dst_12` and gives the number. */
export const idSchema = <Kind extends IdKind>(kind: Kind) =>
  z
    .string()
    .regex(new RegExp(`^${prefixes[kind]}_[1-9][0-9]{0,14}$`), `must look like ${prefixes[kind]}_1`)
    .transform((text) => Number(text.slice(prefixes[kind].length + 1)) as Id<Kind>);
