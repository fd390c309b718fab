import { pino } from 'pino';

/** Structured lines on stderr. Fields are an allow-list by type: never a body, a header, a token or an identifier (I13). */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** `error` may be anything that was caught; the other fields are as everywhere. */
  error<F extends { readonly error?: unknown }>(message: string, fields?: ErrorFields<F>): void;
}

type Plain = string | number | boolean | undefined;
export type LogFields = Readonly<Record<string, Plain>>;
type ErrorFields<F> = F & { readonly [Name in Exclude<keyof F, 'error'>]: Plain };

/** An error's name, code and where it was thrown; its message only when it is ours to print. */
function describeError(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = Reflect.get(error, 'code');
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    // A database's message may quote a value ("Key (value)=(…) already exists"): the first line without the quoted part.
    message:
      error.message
        .split('\n')[0]
        ?.replace(/=\(.*?\)/g, '=(…)')
        .slice(0, 300) ?? '',
    at:
      error.stack
        ?.split('\n')
        .slice(1, 4)
        .map((l) => l.trim())
        .join(' < ') ?? '',
  };
}

export function createLog(level: string, write?: (line: string) => void): Log {
  const lines = pino(
    { level, base: null, formatters: { level: (label) => ({ level: label }) } },
    { write: write ?? ((line: string) => void process.stderr.write(line)) },
  );
  return {
    debug: (message, fields = {}) => lines.debug(fields, message),
    info: (message, fields = {}) => lines.info(fields, message),
    warn: (message, fields = {}) => lines.warn(fields, message),
    error(message: string, given?: { readonly error?: unknown }) {
      const { error, ...fields } = { error: undefined, ...given };
      lines.error(error === undefined ? fields : { ...fields, error: describeError(error) }, message);
    },
  };
}

export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
