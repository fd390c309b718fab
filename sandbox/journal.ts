import type { SandboxSettings } from './settings.ts';

/**
 * `served` with a result, `deferred` until later, `refused` by a check, `throttled`, `unrouted` (no such path or
 * method), `fault` (a rule spoke before any check).
 */
export type Decision = 'served' | 'deferred' | 'refused' | 'throttled' | 'unrouted' | 'fault';

/** One line. Names what was asked and what became of it, never a token or a secret (I13). */
export interface JournalEntry {
  readonly seq: number;
  /** `late`: a deferred change took effect; `of` names its request. `control`: done through the sandbox's own doors. */
  readonly kind: 'request' | 'late' | 'control';
  readonly of?: number;
  /** The sandbox's time in ms; `at` is the same for people. */
  readonly time: number;
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly advertiserIds: readonly string[];
  readonly action: string | null;
  /** Rows of a mapping call. */
  readonly rows: number;
  readonly audienceIds: readonly string[];
  readonly decision: Decision;
  /** The effect of the fault rule that matched. */
  readonly fault: string | null;
  /** Null when no envelope went back. */
  readonly code: number | null;
  readonly message: string;
  readonly requestId: string;
  /** Memberships that really came or went. */
  readonly added: number;
  readonly removed: number;
  /** Whether an answer was sent at all. */
  readonly answered: boolean;
}

/** With what was sent, as far as it is still kept: the parsed JSON of a mapping or audience call. */
export type JournalView = JournalEntry & { readonly body?: unknown };

export interface Journal {
  /** Adds a line and gives its number. `body` is kept as bytes, which cost no heap, and parsed when somebody reads. */
  append(entry: Omit<JournalEntry, 'seq' | 'at'>, body: Buffer | undefined, settings: SandboxSettings): number;
  /** Lines after number `since`, oldest first. */
  read(options?: { since?: number; bodies?: boolean }): JournalView[];
  readonly length: number;
  clear(): void;
}

export function createJournal(): Journal {
  let entries: JournalEntry[] = [];
  let seq = 0;
  /** By number, oldest first, as a Map keeps its order of insertion. */
  const bodies = new Map<number, Buffer>();
  let bytes = 0;

  const keepBody = (of: number, body: Buffer, settings: SandboxSettings): void => {
    bodies.set(of, body);
    bytes += body.length;
    for (const [oldest, old] of bodies) {
      if (bodies.size <= settings.journalBodies && bytes <= settings.journalBytes) break;
      bodies.delete(oldest);
      bytes -= old.length;
    }
  };

  return {
    append(entry, body, settings) {
      seq += 1;
      entries.push({ seq, at: new Date(entry.time).toISOString(), ...entry });
      if (body !== undefined && body.length > 0) keepBody(seq, body, settings);
      return seq;
    },
    read({ since = 0, bodies: wanted = true } = {}) {
      const view = (entry: JournalEntry): JournalView => {
        const body = wanted ? bodies.get(entry.seq) : undefined;
        return body === undefined ? entry : { ...entry, body: parseOrNull(body) };
      };
      return entries.filter((entry) => entry.seq > since).map(view);
    },
    get length() {
      return entries.length;
    },
    clear() {
      // Numbers go on, so that a reader's `since` stays true.
      entries = [];
      bodies.clear();
      bytes = 0;
    },
  };
}

function parseOrNull(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return null;
  }
}
