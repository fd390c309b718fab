import { isObject, type Json, type JsonObject } from '../../server/kernel/json.ts';

/** The inspection doors of a sandbox that runs as a process of its own (sandbox/inspect.ts). */
export interface SandboxDoors {
  /** Arms a fault rule. */
  fault(rule: Json): Promise<void>;
  /** How many calls the rules have struck so far. */
  struck(): Promise<number>;
  change(settings: Json): Promise<void>;
  /** Names of all audiences, oldest first. */
  audienceNames(): Promise<string[]>;
  /** How often this path below /open_api/v1.3 was called. */
  calls(path: string): Promise<number>;
  /** Every call so far: when, in milliseconds, and what became of it (`throttled`, `applied`, …). */
  requests(): Promise<{ time: number; decision: string }[]>;
  /** How many ids the audience of this name holds, over all types; 0 while there is none. */
  size(audienceName: string): Promise<number>;
  /** When each hash was first named in a mapping call, in milliseconds since 1970. */
  arrivals(): Promise<Map<string, number>>;
  /** E-mail hashes in the audiences of an advertiser with this name. */
  emails(advertiserId: string, audienceName: string): Promise<Set<string>>;
}

export function sandboxDoors(sandbox: string): SandboxDoors {
  const tell = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: Json): Promise<Json> => {
    const answer = await fetch(`${sandbox}/__sandbox${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} to ${method} ${path}`);
    return (await answer.json()) as Json;
  };
  const list = async (path: string): Promise<JsonObject[]> => {
    const answer = await tell('GET', path);
    const data = isObject(answer) && Array.isArray(answer['data']) ? answer['data'] : [];
    return data.filter(isObject);
  };
  return {
    fault: async (rule) => void (await tell('POST', '/faults', rule)),
    struck: async () => (await list('/faults')).reduce((sum, rule) => sum + Number(rule['struck']), 0),
    change: async (settings) => void (await tell('PUT', '/settings', settings)),
    audienceNames: async () => (await list('/audiences')).map((audience) => String(audience['name'])),
    async size(audienceName) {
      const named = (await list('/audiences')).filter((audience) => audience['name'] === audienceName);
      return named.reduce((sum, audience) => sum + Number(audience['ids']), 0);
    },
    async arrivals() {
      const found = new Map<string, number>();
      for (const { body, time } of await list('/journal')) {
        const rows = isObject(body) && Array.isArray(body['batch_data']) ? body['batch_data'].flat() : [];
        for (const { id } of rows.filter(isObject))
          if (typeof id === 'string' && !found.has(id)) found.set(id, Number(time));
      }
      return found;
    },
    async requests() {
      const lines = (await list('/journal?bodies=0')).filter((line) => line['kind'] === 'request');
      return lines.map((line) => ({ time: Number(line['time']), decision: String(line['decision']) }));
    },
    async emails(advertiserId, audienceName) {
      const found = new Set<string>();
      for (const audience of await list('/audiences')) {
        if (audience['advertiserId'] !== advertiserId || audience['name'] !== audienceName) continue;
        const answer = await tell('GET', `/audiences/${String(audience['id'])}/members?type=EMAIL_SHA256`);
        const members = isObject(answer) && isObject(answer['members']) ? answer['members']['EMAIL_SHA256'] : undefined;
        for (const hash of Array.isArray(members) ? members : []) found.add(String(hash));
      }
      return found;
    },
    calls: async (path) =>
      (await list('/journal?bodies=0')).filter(
        (line) => line['kind'] === 'request' && String(line['path']).endsWith(path),
      ).length,
  };
}
