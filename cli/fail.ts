/** What went wrong as one line for the person at the terminal: the fact, then the next step. Never a stack, never a value (I13). */
export function failureLine(error: unknown): string {
  if (!(error instanceof Error)) return 'an unexpected error: run again with LOG_LEVEL=debug';
  if (readable.has(error.name)) return oneLine(error.message);
  const code = codeOf(error);
  const known = code === undefined ? undefined : systemErrors[code]?.(error);
  return known ?? `an unexpected error (${oneLine(`${error.name}: ${error.message}`)}): run again with LOG_LEVEL=debug`;
}

/** Errors whose messages are written for people. */
const readable: ReadonlySet<string> = new Set(['StartError', 'DemoError', 'DatabaseUnavailable', 'UsageError']);

type Words = (error: Error) => string;

const noDatabase: Words = () =>
  'the database does not answer: check that PostgreSQL runs at the address in DATABASE_URL and that this machine reaches it';

const systemErrors: Readonly<Record<string, Words>> = {
  EADDRINUSE: (error) =>
    `port ${portOf(error)} is in use: set PORT (or --port) to another one or stop the other program`,
  EADDRNOTAVAIL: () => 'HOST is no address of this machine: set HOST to 127.0.0.1 or 0.0.0.0',
  EACCES: (error) =>
    `no permission${placeOf(error)}: choose a port above 1023 and a USHER_DATA folder that belongs to this user`,
  EPERM: (error) => `no permission${placeOf(error)}: choose a USHER_DATA folder that belongs to this user`,
  ENOSPC: () => 'the disk is full: make room in the USHER_DATA folder, nothing acknowledged is lost',
  EROFS: (error) => `the file system is read-only${placeOf(error)}: set USHER_DATA to a folder that can be written`,
  ENOTDIR: (error) => `a part of the path is no folder${placeOf(error)}: set USHER_DATA to a folder`,
  ECONNREFUSED: noDatabase,
  ECONNRESET: noDatabase,
  ENOTFOUND: noDatabase,
  EAI_AGAIN: noDatabase,
  ETIMEDOUT: noDatabase,
  EHOSTUNREACH: noDatabase,
  // PostgreSQL's SQLSTATEs, Appendix A of its manual.
  '28P01': () => 'PostgreSQL refuses the password: correct the user and password in DATABASE_URL',
  '28000': () => 'PostgreSQL refuses this user: correct DATABASE_URL or allow the user in pg_hba.conf',
  '3D000': () => 'the database named in DATABASE_URL does not exist: create it (createdb) or correct the name',
  '42501': () => 'the user in DATABASE_URL may not create tables: grant it create on the schema',
  '53300': () => 'PostgreSQL has no free connections: raise max_connections or stop other programs',
};

/** An AggregateError (several addresses of one host tried) has its cause inside. */
function codeOf(error: Error): string | undefined {
  const own: unknown = Reflect.get(error, 'code');
  if (typeof own === 'string') return own;
  const [first] = error instanceof AggregateError ? error.errors : [];
  const inner = first instanceof Error ? first : error.cause;
  return inner instanceof Error && inner !== error ? codeOf(inner) : undefined;
}

const portOf = (error: Error): string => String(Reflect.get(error, 'port') ?? '');

function placeOf(error: Error): string {
  const place: unknown = Reflect.get(error, 'path') ?? Reflect.get(error, 'port');
  return place === undefined ? '' : ` at ${String(place)}`;
}

const oneLine = (text: string): string => (text.split('\n')[0] ?? '').trim().slice(0, 400);

/** The command was called in a way that cannot be meant; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
