import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  Metadata,
  type NumberingPlan,
  parsePhoneNumberFromString,
} from 'libphonenumber-js';

/** Gives E.164 (`+16577770000`) of a phone, or undefined where libphonenumber does not find it possible (design.md 7). */
export type PhoneNormaliser = (text: string) => string | undefined;

/**
 * `region`: the country of numbers written without a country code; null: those are not possible. libphonenumber takes some
 * 40 µs a number (stack.md); numbers in E.164 already, the usual case, are decided by its tables alone, with the same answer.
 */
export function phoneNormaliser(region: CountryCode | null): PhoneNormaliser {
  const plans = readPlans();
  const options = region === null ? { extract: false } : { extract: false, defaultCountry: region };
  return (text) => {
    const plain = plainE164(text, plans);
    if (plain) return text;
    const parsed = parsePhoneNumberFromString(text, options);
    return parsed?.isPossible() ? parsed.number : undefined;
  };
}

/** Of one country code: which national lengths all its countries have, and what libphonenumber would cut off in front. */
interface Plan {
  readonly lengths: ReadonlySet<number>;
  readonly cutsOff: RegExp | undefined;
}

const e164 = /^\+[1-9][0-9]{6,14}$/;
/** Digits of the longest country code. */
const callingCodeMax = 3;

/** True: E.164 that libphonenumber would leave as it is and call possible. False: ask it. */
function plainE164(text: string, plans: ReadonlyMap<string, Plan>): boolean {
  if (!e164.test(text)) return false;
  for (let digits = 1; digits <= callingCodeMax; digits += 1) {
    const plan = plans.get(text.slice(1, 1 + digits));
    if (plan === undefined) continue;
    const national = text.slice(1 + digits);
    return plan.lengths.has(national.length) && !plan.cutsOff?.test(national);
  }
  return false;
}

/** In libphonenumber's objects, not in its types. */
interface FullPlan extends NumberingPlan {
  nationalPrefixForParsing(): string | undefined;
}

function readPlans(): ReadonlyMap<string, Plan> {
  const plans = new Map<string, { lengths: Set<number>; prefixes: string[] }>();
  for (const country of getCountries()) {
    const metadata = new Metadata();
    metadata.selectNumberingPlan(country);
    const plan = metadata.numberingPlan as FullPlan | undefined;
    const lengths = new Set(plan?.possibleLengths() ?? []);
    const prefix = plan?.nationalPrefixForParsing();
    const code = String(getCountryCallingCode(country));
    const known = plans.get(code) ?? { lengths, prefixes: [] };
    // Several countries behind one code: only what all of them allow, and what none of them cuts off.
    for (const length of known.lengths) if (!lengths.has(length)) known.lengths.delete(length);
    if (prefix) known.prefixes.push(prefix);
    plans.set(code, known);
  }
  return new Map(
    [...plans].map(([code, { lengths, prefixes }]) => {
      const cutsOff = prefixes.length === 0 ? undefined : new RegExp(`^(?:${prefixes.join('|')})`);
      return [code, { lengths, cutsOff }];
    }),
  );
}
