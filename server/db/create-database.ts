import fs from 'node:fs';
import path from 'node:path';
import { openDurable } from './durable.ts';

/**
 * Makes a new database in `folder`, which must not exist. It grows beside it and gets its name when it is complete and
 * on the disk, so that a crash half way leaves nothing that looks like a database.
 */
export async function createDatabase(folder: string): Promise<void> {
  const growing = `${folder}.new`;
  fs.rmSync(growing, { recursive: true, force: true });
  const engine = await openDurable(growing);
  // Nobody can connect to the templates, so their transaction ids could never be frozen, and after two thousand million
  // transactions the engine would refuse work (design.md 4.2). drop database does not run in a script: one by one.
  await engine.exec("update pg_database set datistemplate = false where datname in ('template0', 'template1')");
  await engine.exec('drop database template0');
  await engine.exec('drop database template1');
  await engine.exec('vacuum (freeze)');
  await engine.close();
  // It holds e-mail addresses; the engine leaves it readable for everybody on the machine.
  fs.chmodSync(growing, 0o700);
  syncTree(growing);
  fs.renameSync(growing, folder);
  syncPath(path.dirname(folder));
}

/** The engine's initdb writes about a thousand files without fsync. */
function syncTree(folder: string): void {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const inside = path.join(folder, entry.name);
    if (entry.isDirectory()) syncTree(inside);
    else if (entry.isFile()) syncPath(inside);
  }
  syncPath(folder);
}

function syncPath(file: string): void {
  const descriptor = fs.openSync(file, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
