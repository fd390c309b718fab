import type { PGlite } from '@electric-sql/pglite';

/** What the thread of the engine is asked: bytes of the PostgreSQL protocol, or to end. */
export type EngineRequest = Uint8Array | 'close';
/** What it answers: `ready` once, then one answer for each request, and `closed` at the end. */
export type EngineAnswer = Uint8Array | 'ready' | 'closed';

export interface EnginePort {
  on(event: 'message', listener: (request: EngineRequest) => void): unknown;
  postMessage(answer: EngineAnswer, transfer?: ArrayBuffer[]): void;
  close(): void;
}

/** Answers the PostgreSQL protocol for one engine, one request after another. */
export function serveEngine(port: EnginePort, engine: PGlite): void {
  let last = Promise.resolve();
  port.on('message', (request) => {
    last = last.then(async () => {
      if (request === 'close') {
        await engine.close();
        port.postMessage('closed');
        port.close();
        return;
      }
      const answer = await answerBytes(engine, request);
      port.postMessage(answer, [answer.buffer]);
    });
  });
  port.postMessage('ready');
}

async function answerBytes(engine: PGlite, request: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  if (isStartUp(request)) await resetSession(engine);
  const parts: Uint8Array[] = [];
  await engine.execProtocolRawStream(request, { syncToFs: false, onRawData: (part) => void parts.push(part.slice()) });
  const answer = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    answer.set(part, at);
    at += part.length;
  }
  return answer;
}

/** Only the start-up packet begins with a length instead of a letter. */
const isStartUp = (request: Uint8Array): boolean => request[0] === 0;

/** A new client; the engine keeps one session for ever, with the last one's open transaction and search_path in it. */
async function resetSession(engine: PGlite): Promise<void> {
  await engine.exec('rollback');
  await engine.exec('discard all');
}
