#!/usr/bin/env node
// Runs the TypeScript sources, like cli/usher.mjs.
import '../../tools/ts.mjs';

await import('./main.ts');
