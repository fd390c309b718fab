import { Duplex } from 'node:stream';
import type { Worker } from 'node:worker_threads';

/** The letter of the Terminate message: the driver says goodbye, the engine stays. */
const terminate = 'X'.charCodeAt(0);

export interface WireWatch {
  /** A request was handed to the engine. */
  asked(): void;
  /** It answered. */
  answered(): void;
}

/**
 * What node-postgres takes for a socket; the embedded engine sits at the other end (stack.md 4). Without a worker it is
 * a connection that is refused.
 */
export class WireStream extends Duplex {
  readonly #worker: Worker | undefined;
  readonly #watch: WireWatch;
  readonly #onMessage = (message: unknown): void => {
    if (!(message instanceof Uint8Array)) return;
    this.#watch.answered();
    this.push(Buffer.from(message.buffer, message.byteOffset, message.byteLength));
  };
  readonly #onExit = (code: number): void => {
    this.destroy(new Error(`embedded database stopped (${code})`));
  };

  constructor(worker: Worker | undefined, watch: WireWatch) {
    super();
    this.#worker = worker;
    this.#watch = watch;
    worker?.on('message', this.#onMessage).on('exit', this.#onExit);
  }

  /** The parts of net.Socket that the driver calls. */
  connect(): this {
    queueMicrotask(() => {
      if (this.#worker) this.emit('connect');
      else this.destroy(new Error('embedded database is being opened'));
    });
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#send(chunk);
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)));
    done();
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#worker?.off('message', this.#onMessage).off('exit', this.#onExit);
    done(error);
  }

  #send(chunk: Buffer): void {
    if (chunk[0] === terminate && chunk.length === 5) return;
    // A copy of its own: a Buffer is a view of a pool, which would be cloned whole.
    const exact = new Uint8Array(chunk);
    this.#watch.asked();
    this.#worker?.postMessage(exact, [exact.buffer]);
  }
}
