// A module loader hook for processes under test: runs the product's sources with lines changed as USHER_TEST_PATCHES says
// (patches.ts). So a test can take a rule out of the real code, or put a broken disk under it, without a switch in it.
import { register } from 'node:module';
import '../../tools/ts.mjs';
import './quick-start.mjs';

// After the loader of TypeScript, hence asked before it.
register('./patched-sources-hooks.mjs', import.meta.url);
