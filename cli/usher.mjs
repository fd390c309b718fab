#!/usr/bin/env node
// The one program, from its TypeScript sources (docs/decisions/0006-no-build-step.md).
import { runnable } from '../tools/bundle.mjs';

await import(await runnable(new URL('./main.ts', import.meta.url)));
