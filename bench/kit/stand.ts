/** What a bench measures on: a sandbox and a server in processes of their own, a database, a connected destination. */
import { askJson, restClient, textAt, undiciHttp } from '../../cli/demo/http.ts';
import type { Part } from '../../cli/demo/processes.ts';
import { type Prepared, prepare } from '../../cli/demo/setup.ts';
import { openStage, type Stage } from '../../cli/demo/stage.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import type { Json } from '../../server/kernel/json.ts';
import { systemRandom } from '../../server/kernel/random.ts';
import { must } from '../../server/kernel/result.ts';
import { type OwnPostgres, startOwnPostgres } from '../../test/support/own-postgres.ts';
import { type SandboxDoors, sandboxDoors } from '../../test/support/sandbox-doors.ts';
import { cpuOf, cpuOfMainThread, cpuOfTree, forgetMostMemory, memoryOf } from './cpu.ts';
import { percentile } from './statistics.ts';

export type Engine = 'pg' | 'embedded';

export interface Stand {
  readonly engine: Engine;
  readonly stage: Stage;
  readonly prepared: Prepared;
  readonly rest: ReturnType<typeof restClient>;
  readonly doors: SandboxDoors;
  readonly server: Part;
  /** Ctrl-C: whoever waits gives up. */
  readonly signal: AbortSignal;
  readonly databaseUrl: string | undefined;
  /** CPU of every process so far, in microseconds. */
  cpu(): Cpu;
  /** Megabytes of the server, which holds the embedded engine: now, and at most so far. */
  memory(): ReturnType<typeof memoryOf>;
  /** From here on `memory().most` is of what follows: making a new embedded database takes more than anything after it. */
  forgetMemory(): void;
  /** DELETE on the REST API. */
  remove(path: string): Promise<void>;
  close(): Promise<void>;
}

export type Cpu = Readonly<Record<'server' | 'engine' | 'sandbox' | 'load', number>>;

export interface StandOptions {
  readonly engine: Engine;
  /** `lifted`: no rate windows at the sandbox and as many rows a call as TikTok is known to take; else the defaults. */
  readonly limits: 'lifted' | 'default';
  readonly signal: AbortSignal;
}

/** As an operator would set a small dedicated server; everything else, durability above all, as PostgreSQL comes. */
const postgresSettings = {
  fsync: 'on',
  max_connections: '60',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
};

const liftedEnvironment = { USHER_TIKTOK_CALLS_PER_SECOND: '1000', USHER_TIKTOK_CALLS_PER_MINUTE: '60000' };
const liftedRows = 10_000;
const liftedWindows = { rate: { perSecond: null, perMinute: null, perDay: null }, journalBodies: 0 };

export async function openStand({ engine, limits, signal }: StandOptions): Promise<Stand> {
  const postgres = engine === 'pg' ? await startOwnPostgres({ settings: postgresSettings }) : undefined;
  try {
    const parts = { clock: systemClock, random: systemRandom, http: undiciHttp, signal };
    const stage = await openStage(parts, postgres?.url);
    try {
      return await furnish({ engine, stage, postgres, limits, signal });
    } catch (error) {
      await stage.close();
      throw error;
    }
  } catch (error) {
    await postgres?.close();
    throw error;
  }
}

interface Room {
  readonly engine: Engine;
  readonly stage: Stage;
  readonly postgres: OwnPostgres | undefined;
  readonly limits: StandOptions['limits'];
  readonly signal: AbortSignal;
}

async function furnish({ engine, stage, postgres, limits, signal }: Room): Promise<Stand> {
  const server = await stage.startServer(limits === 'lifted' ? liftedEnvironment : {});
  const doors = sandboxDoors(stage.sandbox);
  const rest = restClient(undiciHttp, stage.server, stage.token);
  const prepared = await prepare({ http: undiciHttp, rest, server: stage.server }, 'bench');
  if (limits === 'lifted') {
    await doors.change(liftedWindows);
    await rest.patch(`/destinations/${prepared.destinationId}`, { settings: { batchRows: liftedRows } });
  }
  const serverPid = pidOf(server);
  const postmaster = postgres && (await postmasterOf(postgres));
  return {
    engine,
    stage,
    prepared,
    rest,
    doors,
    server,
    signal,
    databaseUrl: postgres?.url,
    cpu() {
      const main = cpuOfMainThread(serverPid);
      const whole = cpuOf(serverPid);
      const load = process.cpuUsage();
      return {
        // On PostgreSQL the server has no thread worth telling apart; embedded, the engine is a thread of it.
        server: postmaster ? whole : main,
        engine: postmaster ? cpuOfTree(postmaster) : whole - main,
        sandbox: cpuOf(pidOf(stage.sandboxPart)),
        load: load.user + load.system,
      };
    },
    memory: () => memoryOf(serverPid),
    forgetMemory: () => forgetMostMemory(serverPid),
    async remove(path) {
      const headers = { authorization: `Bearer ${stage.token}` };
      const answer = await fetch(`${stage.server}/api/v1${path}`, { method: 'DELETE', headers });
      if (!answer.ok) throw new Error(`DELETE ${path} answered ${answer.status}: ${await answer.text()}`);
    },
    async close() {
      await stage.close();
      await postgres?.close();
    },
  };
}

/** A sandbox alone, with a token and an audience: for whoever is measured beside Usher. */
export async function openSandbox(signal: AbortSignal): Promise<{
  readonly audience: { readonly url: string; readonly token: string; readonly audienceId: string };
  close(): Promise<void>;
}> {
  const parts = { clock: systemClock, random: systemRandom, http: undiciHttp, signal };
  const stage = await openStage(parts, undefined);
  const made = async (path: string, body: Json): Promise<Json> =>
    askJson(undiciHttp, { method: 'POST', url: `${stage.sandbox}/__sandbox${path}`, body: JSON.stringify(body) });
  try {
    await sandboxDoors(stage.sandbox).change(liftedWindows);
    const token = textAt(await made('/tokens', { advertiserIds: [advertiserId] }), 'token');
    const audienceId = textAt(await made('/audiences', { advertiserId, name: 'Bench' }), 'id');
    return { audience: { url: stage.sandbox, token, audienceId }, close: () => stage.close() };
  } catch (error) {
    await stage.close();
    throw error;
  }
}

/** "Sandbox Shop US" (sandbox/settings.ts). */
const advertiserId = '7100000000000000001';

const pidOf = (part: Part): number => must(part.child.pid, 'a process that runs');

async function postmasterOf(postgres: OwnPostgres): Promise<number> {
  const [row] = await postgres.run<{ file: string }>("select pg_read_file('postmaster.pid') as file");
  return Number(must(row, 'a row').file.split('\n')[0]);
}

export const cpuSince = (stand: Stand, before: Cpu): Cpu => {
  const now = stand.cpu();
  return {
    server: now.server - before.server,
    engine: now.engine - before.engine,
    sandbox: now.sandbox - before.sandbox,
    load: now.load - before.load,
  };
};

/** Microseconds of CPU an event, by process: the median over the runs. */
export function cpuAnEvent(runs: readonly Cpu[], events: number): Record<string, number> {
  const of = (part: keyof Cpu): number =>
    percentile(
      runs.map((cpu) => cpu[part] / events),
      50,
    );
  return { 'µs CPU/event: server': of('server'), engine: of('engine'), sandbox: of('sandbox'), load: of('load') };
}
