// Lets Node 20 run the TypeScript sources as they are; Node 22.18 and later strip types themselves.
import { register } from 'node:module';

if (!process.features.typescript) register('./ts-hooks.mjs', import.meta.url);
