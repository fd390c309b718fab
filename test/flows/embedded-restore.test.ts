import fs from 'node:fs';
import { afterAll, beforeAll, test } from 'vitest';
import { expectRestored, unhurriedSandbox } from '../support/restored.ts';
import { startUsher, type Usher } from '../support/usher.ts';

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher({ sandbox: unhurriedSandbox });
}, 60_000);
afterAll(() => usher?.close());

test('after a restore a resync repeats what the backup knew, the events since then do the rest, and TikTok’s set is right', () =>
  expectRestored(usher, async () => {
    const folder = usher.database.env.USHER_DATA;
    const backup = `${folder}-backup`;
    await usher.restart(() => fs.cpSync(folder, backup, { recursive: true }));
    return () => {
      fs.rmSync(folder, { recursive: true });
      fs.renameSync(backup, folder);
    };
  }));
