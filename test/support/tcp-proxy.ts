import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePorts } from '../../cli/demo/processes.ts';

/**
 * A TCP proxy in front of a database, with the faults of a network (reliability.md 5): answers that never come, packets
 * that go nowhere, resets, cuts in the middle, slowness. No tool for this comes with Debian, and `tc netem` needs root.
 */
export interface TcpProxy {
  readonly port: number;
  /** Where new connections go from now on; those that are open stay where they are. */
  target: number;
  /** Of what passes from now on, on every connection. */
  readonly fault: Fault;
  /** Takes all faults away, and ends what was muted or stopped, as the network does when it is back. */
  heal(): void;
  /** Ends every open connection with a RST. */
  reset(): void;
  /** How many faults have struck: connections muted, stopped or cut. */
  struck(): number;
  close(): Promise<void>;
}

interface Fault {
  /** When a client has sent these texts, in this order, they are passed on, and no answer is from then on: black hole one way. */
  muteAfter: readonly string[];
  /** The same with a RST to the client in place of silence. */
  resetAfter: readonly string[];
  /** How many connections the two above may strike. */
  times: number;
  /** Nothing passes in either direction, and nobody is told: half-open. */
  blackHole: boolean;
  /** A connection is cut once this many bytes have come back from the server. */
  cutAfterBytes: number | undefined;
  /** Milliseconds that every packet waits, each way. */
  latencyMs: number;
}

const none = (): Fault => ({
  muteAfter: [],
  resetAfter: [],
  times: 1,
  blackHole: false,
  cutAfterBytes: undefined,
  latencyMs: 0,
});

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** How many of the texts to wait for have passed. */
  heard: number;
  /** Answers are thrown away. */
  muted: boolean;
  /** Everything is thrown away. */
  stopped: boolean;
  cameBack: number;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const [port = 0] = await freePorts(1);
  const pairs = new Set<Pair>();
  const fault = none();
  let struck = 0;
  const proxy: { target: number } = { target };
  const listener = createServer((client) => {
    const server = connect(proxy.target, '127.0.0.1');
    const pair: Pair = { client, server, heard: 0, muted: false, stopped: false, cameBack: 0 };
    pairs.add(pair);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.setNoDelay(true);
      from.on('error', () => {});
      from.on('close', () => {
        // A dead side is told to the other one, unless that is the fault: then nobody hears of anything.
        if (pair.stopped || pair.muted) return;
        pairs.delete(pair);
        to.destroy();
      });
    }
    client.on('data', (bytes) => fromClient(pair, bytes));
    server.on('data', (bytes) => fromServer(pair, bytes));
  });

  function end(pair: Pair): void {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }

  function fromClient(pair: Pair, bytes: Buffer): void {
    if (stops(pair)) return;
    pass(pair.server, bytes);
    if (fault.times === 0 || !hears(pair, bytes)) return;
    fault.times -= 1;
    struck += 1;
    pair.muted = true;
    if (fault.resetAfter.length > 0) pair.client.resetAndDestroy();
  }

  function hears(pair: Pair, bytes: Buffer): boolean {
    const texts = [...fault.muteAfter, ...fault.resetAfter];
    while (pair.heard < texts.length && bytes.includes(texts[pair.heard] ?? '')) pair.heard += 1;
    return texts.length > 0 && pair.heard === texts.length;
  }

  function fromServer(pair: Pair, bytes: Buffer): void {
    if (stops(pair) || pair.muted) return;
    const room = (fault.cutAfterBytes ?? Number.POSITIVE_INFINITY) - pair.cameBack;
    pair.cameBack += bytes.length;
    pass(pair.client, bytes.subarray(0, Math.max(0, room)));
    if (bytes.length <= room) return;
    struck += 1;
    pair.client.end();
    pair.server.destroy();
  }

  function stops(pair: Pair): boolean {
    if (fault.blackHole && !pair.stopped) {
      pair.stopped = true;
      struck += 1;
    }
    return pair.stopped;
  }

  function pass(to: Socket, bytes: Buffer): void {
    if (fault.latencyMs === 0) to.write(bytes);
    else setTimeout(() => to.write(bytes), fault.latencyMs);
  }

  await listen(listener, port);
  return Object.assign(proxy, {
    port,
    fault,
    heal() {
      Object.assign(fault, none());
      for (const pair of pairs) {
        pair.heard = 0;
        if (pair.muted || pair.stopped) end(pair);
      }
    },
    reset() {
      for (const pair of pairs) pair.client.resetAndDestroy();
    },
    struck: () => struck,
    async close() {
      for (const pair of pairs) end(pair);
      await new Promise<void>((closed) => listener.close(() => closed()));
    },
  });
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
