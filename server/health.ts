/** Whether the process lives, whether it can take events, and what it does, for operators (reliability.md 5). */
import { createServer } from 'node:http';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Config } from './config.ts';
import type { Db } from './db/port.ts';
import { probeWrite } from './db/probe.sql.ts';
import type { Ingest } from './ingest/ingest.ts';
import { type Clock, seconds } from './kernel/clock.ts';
import type { Log } from './kernel/log.ts';
import { audits, counts } from './ledger/ledger.ts';

/** A write that takes longer than this is no longer "ready" (reliability.md 5, "Liveness / readiness"). */
const probeLimit = seconds(1);

export function health({ db, clock }: { db: Db; clock: Clock }) {
  let draining = false;
  let underWay: Promise<string | undefined> | undefined;
  /** One at a time, whoever asks: on a pool that is busy or hangs, probes must not take what is left of it. */
  const probe = (): Promise<string | undefined> => {
    underWay ??= db
      .transaction((tx) => probeWrite(tx, new Date(clock.now())))
      .then(
        () => undefined,
        () => 'the database cannot be written',
      )
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };
  return {
    live: () => Response.json({ status: 'alive' }),
    async ready(): Promise<Response> {
      if (draining) return notReady('stopping');
      const late = new AbortController();
      const timeout = clock.sleep(probeLimit, late.signal).then(() => 'the database does not answer in time');
      const problem = await Promise.race([probe(), timeout]);
      late.abort();
      return problem === undefined ? Response.json({ status: 'ready' }) : notReady(problem);
    },
    draining: () => {
      draining = true;
    },
  };
}

const notReady = (reason: string): Response => Response.json({ status: 'not ready', reason }, { status: 503 });

/** Prometheus metrics on a port of their own, which is not for the public (T23). */
export async function startMetrics(
  config: Config,
  parts: { db: Db; log: Log; ingest: Ingest },
): Promise<{ stop(): Promise<void> }> {
  if (config.metricsPort === undefined) return { stop: async () => {} };
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  ingestGauges(registry, parts.ingest);
  owedGauges(registry, parts.db);
  const server = createServer((_req, res) => {
    registry.metrics().then(
      (text) => res.setHeader('content-type', registry.contentType).end(text),
      () => res.writeHead(503).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.metricsPort, config.host, resolve);
  });
  return { stop: () => new Promise((resolve) => server.close(() => resolve())) };
}

function ingestGauges(registry: Registry, ingest: Ingest): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `usher_ingest_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('queued_events', 'events waiting for a micro-batch', () => ingest.stats().queuedEvents);
  gauge('queued_bytes', 'bytes of bodies being read and waiting', () => ingest.stats().queuedBytes);
  gauge('oldest_ms', 'age of the oldest waiting request', () => ingest.stats().oldestMs);
  gauge('events_total', 'events committed since the start', () => ingest.stats().events);
  gauge('refused_total', 'requests answered 429 or 503 since the start', () => ingest.stats().refused);
  gauge('quarantined_total', 'events set aside since the start', () => ingest.stats().quarantined);
}

function owedGauges(registry: Registry, db: Db): void {
  const owed = new Gauge({
    name: 'usher_owed_pointers',
    help: 'changes not settled at TikTok',
    labelNames: ['destination'],
    registers: [registry],
  });
  new Gauge({
    name: 'usher_count_differences',
    help: 'by how much the last nightly counts differed from the maintained numbers; they were mended',
    registers: [registry],
    async collect() {
      this.set(await audits.sumOfDifferences(db));
    },
  });
  new Gauge({
    name: 'usher_doubts',
    help: 'hashes whose last call has an unknown outcome',
    labelNames: ['destination'],
    registers: [registry],
    async collect() {
      for (const row of await counts.countOwedByDestination(db)) {
        this.set({ destination: String(row.destination_id) }, row.doubts);
        owed.set({ destination: String(row.destination_id) }, row.pointers);
      }
    },
  });
}
