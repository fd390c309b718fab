import { isObject, type Json } from '../../server/kernel/json.ts';
import { askJson, countAt, DemoError, type Http, textAt } from './http.ts';

/** What the sandbox's TikTok holds and how often it was called, read from its inspection pages. */
export interface SandboxView {
  /** `EMAIL_SHA256:9f86d0…` for every member of the audience with this name. */
  members(audienceName: string): Promise<ReadonlySet<string>>;
  calls(): Promise<number>;
}

export function sandboxView(http: Http, sandbox: string): SandboxView {
  const ask = (path: string): Promise<Json> => askJson(http, { url: `${sandbox}/__sandbox${path}` });
  return {
    async members(audienceName) {
      const named = listAt(await ask('/audiences'), 'audiences').filter((one) => textAt(one, 'name') === audienceName);
      if (named.length > 1) throw new DemoError(`TikTok has ${named.length} audiences named ${audienceName}`);
      const [audience] = named;
      if (audience === undefined) return new Set();
      return identifiersIn(await ask(`/audiences/${textAt(audience, 'audience_id')}/members`));
    },
    calls: async () => countAt(await ask('/journal/summary'), 'calls'),
  };
}

function identifiersIn(answer: Json): Set<string> {
  const found = new Set<string>();
  const members = isObject(answer) ? answer['members'] : undefined;
  for (const [type, hashes] of Object.entries(isObject(members) ? members : {})) {
    if (!Array.isArray(hashes)) continue;
    for (const hash of hashes) found.add(`${type}:${String(hash)}`);
  }
  return found;
}

function listAt(answer: Json, key: string): readonly Json[] {
  const list = isObject(answer) ? answer[key] : undefined;
  if (!Array.isArray(list)) throw new DemoError(`the sandbox answered without "${key}"`);
  return list;
}
