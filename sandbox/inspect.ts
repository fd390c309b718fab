import { z } from 'zod';
import { instant, millis } from '../server/kernel/clock.ts';
import { idTypes } from '../server/tiktok/wire.ts';
import { type Audience, idsIn, statusOf } from './audience.ts';
import { deleteAudience, makeAudience, revokeAll, revokeToken } from './controls.ts';
import { faultRuleSchema } from './faults.ts';
import { type Exchange, jsonReply, type Reply, readBody } from './http.ts';
import { type SandboxSettings, settingsSchema } from './settings.ts';
import { issueToken, loadAdvertisers, resetWorld, type Token, type World } from './state.ts';

export const inspectBase = '/__sandbox';
const bodyBytesMax = 1_048_576;

interface Asked {
  readonly world: World;
  /** What stands in the path's place of `{id}`. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}
type Door = (asked: Asked) => Reply;

/** The doors that are the sandbox's own and none of TikTok's (tiktok-api.md 14, "inspection"). */
const doors: Readonly<Record<string, Door>> = {
  'GET /audiences': ({ world }) =>
    jsonReply(200, { data: [...world.audiences.values()].map((a) => summary(world, a)) }),
  'POST /audiences': (asked) =>
    parsed(newAudienceSchema, asked, ({ advertiserId, name }) =>
      jsonReply(201, { id: makeAudience(asked.world, advertiserId, name) }),
    ),
  'GET /audiences/{id}/members': listMembers,
  'POST /audiences/{id}/delete': ({ world, id }) => (deleteAudience(world, id) ? done : missing),
  'GET /journal': ({ world, query }) => {
    const options = { since: Number(query.get('since') ?? 0), bodies: query.get('bodies') !== '0' };
    return jsonReply(200, { data: world.journal.read(options) });
  },
  'DELETE /journal': ({ world }) => then(() => world.journal.clear()),
  'GET /clock': ({ world }) => clockReply(world),
  'PUT /clock': setClock,
  'GET /faults': ({ world }) => jsonReply(200, { data: world.faults.list() }),
  'POST /faults': (asked) =>
    parsed(faultRuleSchema, asked, (rule) => jsonReply(201, { id: asked.world.faults.add(rule) })),
  'DELETE /faults': ({ world }) => then(() => world.faults.clear()),
  'DELETE /faults/{id}': ({ world, id }) => (world.faults.remove(Number(id)) ? done : missing),
  'GET /settings': ({ world }) => jsonReply(200, withoutSecrets(world.settings)),
  'PUT /settings': ({ world, body }) => {
    const problem = changeSettings(world, body);
    return problem === undefined ? jsonReply(200, withoutSecrets(world.settings)) : badRequest(problem);
  },
  'GET /tokens': ({ world }) => jsonReply(200, { data: [...world.tokens.values()].map(withoutValue) }),
  'POST /tokens': mintToken,
  'POST /tokens/revoke-all': ({ world }) => then(() => revokeAll(world)),
  'POST /tokens/{id}/revoke': ({ world, id }) => {
    const token = tokensNamed(world, id)[0];
    return token ? then(() => revokeToken(world, token)) : missing;
  },
  'POST /permissions': setPermissions,
  'POST /reset': ({ world }) => then(() => resetWorld(world)),
};

export async function serveInspection(world: World, exchange: Exchange): Promise<Reply> {
  const path = exchange.url.pathname.slice(inspectBase.length);
  const raw = await readBody(exchange.request, bodyBytesMax);
  const [, folder = '', id = '', last] = path.split('/').map(decode);
  const names = [path, `/${folder}/{id}${last === undefined ? '' : `/${last}`}`].map(
    (at) => `${exchange.method} ${at}`,
  );
  const name = names.find((one) => Object.hasOwn(doors, one));
  const door = name === undefined ? undefined : doors[name];
  if (!door) return missing;
  const body = raw === undefined ? undefined : parseJson(raw);
  if (body === undefined) return badRequest('The body is not JSON.');
  world.pending.settle(world.clock.now());
  return door({ world, id, query: exchange.url.searchParams, body });
}

/** Takes a part of the settings; what is not named stays. Gives the problem's words, if there is one. */
export function changeSettings(world: World, patch: unknown): string | undefined {
  const isPatch = z.record(z.string(), z.unknown()).safeParse(patch);
  if (!isPatch.success) return 'Settings are an object.';
  const next = settingsSchema.safeParse({ ...world.settings, ...isPatch.data });
  if (!next.success) return z.prettifyError(next.error);
  world.settings = next.data;
  loadAdvertisers(world);
  return undefined;
}

function listMembers({ world, id, query }: Asked): Reply {
  const audience = world.audiences.get(id);
  if (!audience) return missing;
  const only = query.get('type')?.toUpperCase();
  const members = idTypes.flatMap((type, index) =>
    only === undefined || only === type ? [[type, [...(audience.members[index]?.keys() ?? [])]] as const] : [],
  );
  return jsonReply(200, { audience: summary(world, audience), members: Object.fromEntries(members) });
}

const newAudienceSchema = z.strictObject({ advertiserId: z.string(), name: z.string().min(1) });

const clockSchema = z.union([
  z.strictObject({ now: z.union([z.number(), z.iso.datetime({ offset: true })]) }),
  z.strictObject({ advanceMs: z.number().min(0) }),
  z.strictObject({ real: z.literal(true) }),
]);

function setClock(asked: Asked): Reply {
  const { clock, pending } = asked.world;
  return parsed(clockSchema, asked, (wanted) => {
    if ('now' in wanted) clock.set(instant(typeof wanted.now === 'number' ? wanted.now : Date.parse(wanted.now)));
    else if ('advanceMs' in wanted) clock.advance(millis(wanted.advanceMs));
    else clock.release();
    pending.settle(clock.now());
    return clockReply(asked.world);
  });
}

const clockReply = ({ clock, pending }: World): Reply =>
  jsonReply(200, {
    now: clock.now(),
    at: new Date(clock.now()).toISOString(),
    takenOver: clock.takenOver,
    pending: pending.size,
  });

const grantSchema = z.strictObject({
  appId: z.string().optional(),
  role: z.enum(['admin', 'operator', 'analyst']).default('admin'),
  advertiserIds: z.array(z.string()).min(1),
  scope: z.array(z.number().int()).default([100, 30, 31]),
});

/** A token without the walk through the consent page. The only door that shows a token's value. */
function mintToken(asked: Asked): Reply {
  return parsed(grantSchema, asked, ({ appId, ...grant }) => {
    const token = issueToken(asked.world, appId ?? asked.world.settings.apps[0]?.appId ?? '', grant);
    return jsonReply(201, { ...withoutValue(token), token: token.value });
  });
}

const permissionsSchema = z.strictObject({
  tokenId: z.string().optional(),
  scope: z.array(z.number().int()).optional(),
  advertiserIds: z.array(z.string()).optional(),
});

/** What a person changes at TikTok after having agreed; without `tokenId` for every token. */
function setPermissions(asked: Asked): Reply {
  return parsed(permissionsSchema, asked, ({ tokenId, scope, advertiserIds }) => {
    const tokens = tokenId === undefined ? [...asked.world.tokens.values()] : tokensNamed(asked.world, tokenId);
    if (tokens.length === 0) return missing;
    for (const token of tokens) {
      token.scope = scope ?? token.scope;
      token.advertiserIds = advertiserIds ?? token.advertiserIds;
    }
    return jsonReply(200, { data: tokens.map(withoutValue) });
  });
}

const tokensNamed = (world: World, id: string): Token[] =>
  [...world.tokens.values()].filter((token) => token.id === id);

const withoutValue = ({ value: _, ...token }: Token): Omit<Token, 'value'> => token;

const withoutSecrets = (settings: SandboxSettings): unknown => ({
  ...settings,
  apps: settings.apps.map(({ secret: _, ...app }) => app),
});

function summary(world: World, audience: Audience): Record<string, unknown> {
  const { id, advertiserId, name, createdAt, updatedAt, expiresAt } = audience;
  const { size, valid } = statusOf(audience, world.clock.now(), world.settings);
  const counts = idTypes.map((type, index) => [type, audience.members[index]?.size ?? 0]);
  return {
    id,
    advertiserId,
    name,
    createdAt,
    updatedAt,
    expiresAt,
    coverNum: size,
    isValid: valid,
    ids: idsIn(audience),
    counts: Object.fromEntries(counts),
  };
}

function parsed<Value>(schema: z.ZodType<Value>, { body }: Asked, use: (value: Value) => Reply): Reply {
  const found = schema.safeParse(body);
  return found.success ? use(found.data) : badRequest(z.prettifyError(found.error));
}

function then(act: () => void): Reply {
  act();
  return done;
}

const done = jsonReply(200, { ok: true });
const missing = jsonReply(404, { error: 'not found' });
const badRequest = (error: string): Reply => jsonReply(400, { error });

function parseJson(raw: Buffer): unknown {
  if (raw.length === 0) return {};
  try {
    return JSON.parse(raw.toString());
  } catch {
    return undefined;
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
