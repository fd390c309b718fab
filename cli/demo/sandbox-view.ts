import { isObject, type Json } from '../../server/kernel/json.ts';
import { askJson, DemoError, type Http, textAt } from './http.ts';

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
      const named = dataOf(await ask('/audiences')).filter((one) => textAt(one, 'name') === audienceName);
      if (named.length > 1) throw new DemoError(`TikTok has ${named.length} audiences named ${audienceName}`);
      const [audience] = named;
      return audience === undefined
        ? new Set()
        : identifiersIn(await ask(`/audiences/${textAt(audience, 'id')}/members`));
    },
    async calls() {
      const lines = dataOf(await ask('/journal?bodies=0'));
      return lines.filter((line) => textAt(line, 'kind') === 'request').length;
    },
  };
}

function identifiersIn(answer: Json): Set<string> {
  const members = isObject(answer) ? answer['members'] : undefined;
  if (!isObject(members)) throw new DemoError('the sandbox answered without "members"');
  const found = new Set<string>();
  for (const [type, hashes] of Object.entries(members)) {
    for (const hash of Array.isArray(hashes) ? hashes : []) found.add(`${type}:${String(hash)}`);
  }
  return found;
}

function dataOf(answer: Json): readonly Json[] {
  const list = isObject(answer) ? answer['data'] : undefined;
  if (!Array.isArray(list)) throw new DemoError('the sandbox answered without "data"');
  return list;
}
