import { type Millis, millis } from './clock.ts';
import { err, ok, type Result } from './result.ts';
import { Secret } from './secret.ts';

/**
 * One variable of the environment: what may stand in it and how a person is told what is wrong. A problem is the rest of a
 * sentence that begins with the variable's name and ends with the next step; it never repeats a secret (I13).
 */
export interface Setting<Value> {
  readonly type: string;
  /** The default as it would be written in the environment. */
  readonly fallback?: string;
  readonly help: string;
  readonly secret?: true;
  readonly parse: (text: string) => Result<Value, string>;
}

type Kind<Value> = Pick<Setting<Value>, 'type' | 'parse'>;

export function text(): Kind<string> {
  return { type: 'text', parse: ok };
}

export function secretText(least: number): Kind<Secret> {
  return {
    type: 'text',
    parse: (given) =>
      given.length < least ? err(`is too short: use ${least} characters or more`) : ok(new Secret(given)),
  };
}

export function email(): Kind<string> {
  return {
    type: 'e-mail',
    parse: (given) => (/^[^\s@]+@[^\s@]+$/.test(given) ? ok(given) : err('must be an e-mail address: correct it')),
  };
}

export function integer(least: number, most: number): Kind<number> {
  return {
    type: 'integer',
    parse: (given) => {
      const value = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN;
      return value >= least && value <= most
        ? ok(value)
        : err(`must be a whole number from ${least} to ${most}: correct it`);
    },
  };
}

export function port(): Kind<number> {
  return { ...integer(0, 65_535), type: 'port' };
}

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function duration(leastMs: number): Kind<Millis> {
  return {
    type: 'duration',
    parse: (given) => {
      const [, count, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(given) ?? [];
      const ms = Number(count) * (durationUnits[unit] ?? Number.NaN);
      if (Number.isNaN(ms)) return err('must be a duration: write 30s, 15m or 2h');
      return ms < leastMs ? err(`must be at least ${leastMs / 1_000} s: write a longer duration`) : ok(millis(ms));
    },
  };
}

export function url(protocols: readonly string[]): Kind<string> {
  const shown = protocols.map((p) => `${p}//…`).join(' or ');
  return {
    type: 'url',
    parse: (given) =>
      URL.canParse(given) && protocols.includes(new URL(given).protocol)
        ? ok(given.replace(/\/+$/, ''))
        : err(`must be an address that starts with ${shown}: correct it`),
  };
}

export function oneOf<const Choice extends string>(choices: readonly Choice[]): Kind<Choice> {
  return {
    type: choices.join('|'),
    parse: (given) => {
      const found = choices.find((choice) => choice === given);
      return found === undefined ? err(`must be one of ${choices.join(', ')}: choose one`) : ok(found);
    },
  };
}

/** In the order of `choices`, each once. */
export function listOf<const Choice extends string>(choices: readonly Choice[]): Kind<readonly Choice[]> {
  return {
    type: 'list',
    parse: (given) => {
      const names = new Set(given.split(',').map((name) => name.trim()));
      const known = choices.filter((choice) => names.has(choice));
      return known.length === names.size ? ok(known) : err(`must list some of ${choices.join(', ')}: correct it`);
    },
  };
}

export function base64Key(bytes: number): Kind<Secret> {
  return {
    type: 'base64',
    parse: (given) => {
      const key = Buffer.from(given, 'base64');
      return key.length === bytes && key.toString('base64') === given
        ? ok(new Secret(given))
        : err(`must be ${bytes} bytes in base64: make one with \`openssl rand -base64 ${bytes}\``);
    },
  };
}
