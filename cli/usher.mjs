#!/usr/bin/env node
// The one program. From a checkout it runs the TypeScript sources (tools/ts.mjs); a release has cli/main.js beside it.
import '../tools/ts.mjs';

await import('./main.ts');
