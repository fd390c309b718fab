import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  Metadata,
  type NumberingPlan,
  parsePhoneNumberFromString,
} from 'libphonenumber-js';
import { must } from '../kernel/result.ts';

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

/** libphonenumber's reader takes country codes as well as countries, and its plans know more than its types say. */
interface PlanReader {
  selectNumberingPlan(countryOrCallingCode: string): void;
  readonly numberingPlan?: NumberingPlan;
}
interface FullPlan extends NumberingPlan {
  nationalPrefixForParsing(): string | undefined;
}

function readPlan(countryOrCallingCode: string): FullPlan {
  const reader: PlanReader = new Metadata();
  reader.selectNumberingPlan(countryOrCallingCode);
  return must(reader.numberingPlan, `no numbering plan for ${countryOrCallingCode}`) as FullPlan;
}

/** Several countries behind one code: only the lengths that all of them have. What is cut off is decided by the code alone. */
function readPlans(): ReadonlyMap<string, Plan> {
  const plans = new Map<string, { lengths: Set<number>; cutsOff: RegExp | undefined }>();
  for (const country of getCountries()) {
    const code = String(getCountryCallingCode(country));
    const lengths = new Set(readPlan(country).possibleLengths());
    const known = plans.get(code);
    if (known === undefined) {
      const prefix = readPlan(code).nationalPrefixForParsing();
      plans.set(code, { lengths, cutsOff: prefix ? new RegExp(`^(?:${prefix})`) : undefined });
    } else for (const length of known.lengths) if (!lengths.has(length)) known.lengths.delete(length);
  }
  return plans;
}
