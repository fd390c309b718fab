// A process that takes a lock file and keeps it until it is killed; says what it got.
import { takeLock } from '../../server/db/lock-file.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { silentLog } from '../../server/kernel/log.ts';
import { systemRandom } from '../../server/kernel/random.ts';

const parts = { clock: systemClock, random: systemRandom, log: silentLog, lost: () => process.stdout.write('lost\n') };
const lock = await takeLock(process.argv[2] ?? '', parts);
process.stdout.write(lock.ok ? `taken by ${process.pid}\n` : `refused: ${lock.error.pid}\n`);
if (lock.ok) process.stdin.resume();
