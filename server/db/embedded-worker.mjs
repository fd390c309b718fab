// The door to embedded-worker.ts: Node 20 cannot begin a thread with TypeScript.
import { runnable } from '../../tools/bundle.mjs';

await import(await runnable(new URL('./embedded-worker.ts', import.meta.url)));
