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
    calls: async (path) =>
      (await list('/journal?bodies=0')).filter(
        (line) => line['kind'] === 'request' && String(line['path']).endsWith(path),
      ).length,
  };
}
