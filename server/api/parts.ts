import type { SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent, SegmentEvent } from '../../contract/segment-event.ts';
import type { Authenticate, Passwords } from '../auth/auth.ts';
import type { Db, Tx } from '../db/port.ts';
import type { Destination } from '../destinations/destinations.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import type { Vault } from '../kernel/secret.ts';
import type { MappingDefinition } from '../mappings/mappings.ts';
import type { TikTok } from '../tiktok/tiktok.ts';

/** What the routes are made of. */
export interface ApiParts {
  db: Db;
  clock: Clock;
  random: Random;
  log: Log;
  vault: Vault;
  tiktok: TikTok;
  /** What may be shown of the TikTok app and of where calls go. */
  tiktokApp: { readonly appId: string | undefined; readonly apiUrl: string; readonly authUrl: string };
  authenticate: Authenticate;
  passwords: Passwords;
  /** Where browsers reach Usher; no trailing slash (USHER_PUBLIC_URL). */
  publicUrl: string;
  version: string;
  /** USHER_MAX_MAPPINGS. */
  mappingsMax: number;
  /** USHER_REMOVAL_GATE_PEOPLE and …_PERCENT: what a change may remove of one TikTok audience without a confirmation. */
  removalGate: { readonly people: number; readonly percent: number };
  /** Calls to TikTok that the app may make in a second, on average. */
  callsPerSecond: number;
  /** A destination or its mappings changed and the change is committed. May be lost: it only saves time. */
  changed: () => void;
  /** The last events of a space that this node took in, newest first, unmasked (I13: they leave masked or not at all). */
  recent: (spaceId: SpaceId) => readonly ReceivedEvent[];
  /** Test Mapping with *send*: puts the event through the ledger like any other change, or says why there is nothing to put. */
  sendTest: (
    tx: Tx,
    test: { destination: Destination; mapping: MappingDefinition; event: SegmentEvent },
  ) => Promise<TestSent>;
}

/** What became of a test that was to be sent; the reason is readable and holds no identifier. */
export type TestSent = { readonly sent: true } | { readonly sent: false; readonly reason: string };

/** TikTok sends the browser back here; registered at TikTok exactly so (T1). */
export const callbackPath = '/oauth/tiktok/callback';
