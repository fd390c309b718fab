import { createHash } from 'node:crypto';
import type { Sandbox } from '../../sandbox/sandbox.ts';

/** The hash TikTok must get of an e-mail that is spelt plainly already, worked out by code of the tests' own. */
export const emailHash = (plain: string): string => createHash('sha256').update(plain).digest('hex');

/** The e-mail hashes of the one audience with this name; empty while there is none. */
export const emailsAt = (sandbox: Sandbox, advertiserId: string, audienceName: string): ReadonlySet<string> =>
  sandbox.members(advertiserId, audienceName)?.get('EMAIL_SHA256') ?? new Set();
