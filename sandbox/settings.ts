import { z } from 'zod';
import { days, hours } from '../server/kernel/clock.ts';
import { limits } from '../server/tiktok/wire.ts';

const limit = z.number().int().min(1).nullable();
const span = z.number().min(0);

const appSchema = z.strictObject({
  appId: z.string().min(1),
  secret: z.string().min(1),
  name: z.string().min(1).default('Usher'),
  /** Besides these, every redirect URL on localhost or 127.0.0.1 is taken. */
  redirectUris: z.array(z.url()).max(10).default([]),
  /** What the app asks people for on the consent page; ids of tiktok-api.md 2.5. */
  permissions: z.array(z.number().int()).default([100, 30, 31]),
  /** Q12: without it every call of the Streaming API is answered 40118. */
  streamingAllowlisted: z.boolean().default(true),
});

const businessSchema = z.strictObject({
  id: z.string().min(1),
  name: z.string().min(1),
  advertisers: z.array(z.strictObject({ id: z.string().regex(/^\d+$/), name: z.string().min(1) })).min(1),
});

/** Invented companies; ids look like TikTok's (19 digits, beyond 2^53) and are none of TikTok's. */
const demoBusinesses: z.input<typeof businessSchema>[] = [
  {
    id: '7000000000000000101',
    name: 'Sandbox Shop',
    advertisers: [
      { id: '7100000000000000001', name: 'Sandbox Shop US' },
      { id: '7100000000000000002', name: 'Sandbox Shop EU' },
      { id: '7100000000000000003', name: 'Sandbox Outlet' },
    ],
  },
  {
    id: '7000000000000000102',
    name: 'Other Business',
    advertisers: [{ id: '7200000000000000001', name: 'Other Business Store' }],
  },
];

/** Everything that can be set about the sandbox; the answers to the open questions Q1-Q22 of tiktok-api.md 13. Times in ms. */
export const settingsSchema = z.strictObject({
  /** Seeds ids, tokens and the faults' probabilities. Read at start and on reset. */
  seed: z.number().int().default(1),
  apps: z
    .array(appSchema)
    .min(1)
    .default([appSchema.parse({ appId: '7000000000000000001', secret: 'sandbox-secret' })]),
  businesses: z.array(businessSchema).min(1).default(demoBusinesses),
  /** `approve` and `deny` answer for the person, without the page. */
  consent: z.enum(['page', 'approve', 'deny']).default('page'),
  /** Calls an app may make; null lifts a window. Default: TikTok's tier Basic (tiktok-api.md 10). */
  rate: z
    .strictObject({ perSecond: limit.default(10), perMinute: limit.default(600), perDay: limit.default(864_000) })
    .prefault({}),
  /** Calls one advertiser may make a second before 40133. Off: TikTok's value is not published. */
  advertiserPerSecond: limit.default(null),
  /** Checks the form of hashes and refuses rows shorter than `id_schema` (Q6). */
  strict: z.boolean().default(true),
  /** Q20. False lets a path without its last slash through. */
  trailingSlash: z.boolean().default(true),
  /** Q8. 200 makes `/segment/*` answer as TikTok's samples do: code 200 and a numeric id. */
  successCode: z.literal([0, 200]).default(0),
  /** Q3. */
  rowsMax: z.number().int().min(1).default(limits.mappingRows),
  rowsOverCode: z.literal([40002, 40011, 40061]).default(40002),
  bodyBytesMax: z
    .number()
    .int()
    .min(1)
    .default(32 * 1_048_576),
  /** Section 11. */
  audiencesMax: z.number().int().min(1).default(400),
  /** Q4. */
  unknownAudienceCode: z.literal([40001, 40002, 40007]).default(40002),
  /** A new audience refuses mappings as "not editable" for this long. */
  audienceReadyMs: span.default(0),
  /** A new audience is missing from the list for this long. */
  audienceVisibleMs: span.default(0),
  /** From the answer to the effect of a mapping call. */
  applyDelayMs: span.default(0),
  /** Q18: from the effect to the size that people see. Help Center: 24 to 48 hours. */
  propagationMs: span.default(hours(24)),
  /** Share of the ids that match a person on TikTok. */
  matchShare: z.number().min(0).max(1).default(1),
  /** Help Center: "not modified for 12 months". */
  audienceLifeMs: span.default(days(365)),
  /** Requests whose bodies the journal keeps, newest first. */
  journalBodies: z.number().int().min(0).default(5_000),
  /** The same in bytes, so that large calls cannot fill the memory. */
  journalBytes: z
    .number()
    .int()
    .min(0)
    .default(256 * 1_048_576),
});

export type SandboxSettings = z.infer<typeof settingsSchema>;
export type SandboxSettingsInput = z.input<typeof settingsSchema>;
export type App = SandboxSettings['apps'][number];
