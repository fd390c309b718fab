// For servers under test that live for seconds: the WebAssembly of the embedded engine is compiled once and not again for
// speed, which is a third of the work of a start.
import { setFlagsFromString } from 'node:v8';

for (const flag of ['--liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering']) setFlagsFromString(flag);
