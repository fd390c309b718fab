import { createHash } from 'node:crypto';
import type { Instant } from '../server/kernel/clock.ts';
import type { Log } from '../server/kernel/log.ts';
import { type Random, seededRandom } from '../server/kernel/random.ts';
import type { Audience } from './audience.ts';
import { createFaultTable, type FaultTable } from './faults.ts';
import { createJournal, type Journal } from './journal.ts';
import { createPending, type Pending } from './pending.ts';
import { createRateWindows, type RateWindows } from './rate.ts';
import type { SandboxClock } from './sandbox-clock.ts';
import type { App, SandboxSettings } from './settings.ts';

export type Role = 'admin' | 'operator' | 'analyst';

export interface Advertiser {
  readonly id: string;
  readonly name: string;
  readonly businessId: string;
}

export interface AuthCode {
  readonly appId: string;
  readonly grant: Grant;
  readonly expiresAt: Instant;
  used: boolean;
}

/** What a person agreed to on the consent page. */
export interface Grant {
  readonly role: Role;
  readonly advertiserIds: readonly string[];
  readonly scope: readonly number[];
}

export interface Token {
  /** A name that may be shown, unlike the value. */
  readonly id: string;
  readonly value: string;
  readonly appId: string;
  readonly role: Role;
  advertiserIds: readonly string[];
  scope: readonly number[];
  readonly createdAt: Instant;
  revoked: boolean;
}

/** Everything the sandbox knows; in memory, gone with the process (tiktok-api.md 7). */
export interface World {
  settings: SandboxSettings;
  readonly clock: SandboxClock;
  readonly log: Log;
  /** For the chances of faults only. */
  random: Random;
  readonly serials: Map<Numbered, number>;
  readonly advertisers: Map<string, Advertiser>;
  readonly audiences: Map<string, Audience>;
  readonly codes: Map<string, AuthCode>;
  readonly tokens: Map<string, Token>;
  readonly journal: Journal;
  readonly faults: FaultTable;
  readonly rate: RateWindows;
  readonly pending: Pending;
}

export function createWorld(parts: { settings: SandboxSettings; clock: SandboxClock; log: Log }): World {
  const world: World = {
    ...parts,
    random: seededRandom(parts.settings.seed),
    serials: new Map(),
    advertisers: new Map(),
    audiences: new Map(),
    codes: new Map(),
    tokens: new Map(),
    journal: createJournal(),
    faults: createFaultTable(),
    rate: createRateWindows(),
    pending: createPending(),
  };
  loadAdvertisers(world);
  return world;
}

/** Back to the first moment: the same ids and tokens come again. The clock and the settings stay. */
export function resetWorld(world: World): void {
  for (const part of [
    world.audiences,
    world.codes,
    world.tokens,
    world.journal,
    world.faults,
    world.rate,
    world.pending,
  ])
    part.clear();
  world.random = seededRandom(world.settings.seed);
  world.serials.clear();
  loadAdvertisers(world);
}

export function loadAdvertisers(world: World): void {
  world.advertisers.clear();
  for (const business of world.settings.businesses)
    for (const { id, name } of business.advertisers) world.advertisers.set(id, { id, name, businessId: business.id });
}

export const findApp = (world: World, appId: string): App | undefined =>
  world.settings.apps.find((app) => app.appId === appId);

export type Numbered = 'audience' | 'code' | 'token' | 'request';

/** Counts each kind apart, so that ids depend on nothing but how many of their kind came before. */
export function nextSerial(world: World, kind: Numbered): number {
  const serial = (world.serials.get(kind) ?? 0) + 1;
  world.serials.set(kind, serial);
  return serial;
}

/** 40 hex digits that look random and come again with the same seed: fine for a sandbox, no secret anywhere else. */
export const nextHex = (world: World, kind: Numbered): string =>
  createHash('sha1')
    .update(`${world.settings.seed} ${kind} ${nextSerial(world, kind)}`)
    .digest('hex');

export function issueToken(world: World, appId: string, grant: Grant): Token {
  const token: Token = {
    id: `tok_${world.tokens.size + 1}`,
    value: nextHex(world, 'token'),
    appId,
    ...grant,
    createdAt: world.clock.now(),
    revoked: false,
  };
  world.tokens.set(token.value, token);
  return token;
}

export const liveToken = (world: World, value: string): Token | undefined => {
  const token = world.tokens.get(value);
  return token?.revoked === false ? token : undefined;
};
