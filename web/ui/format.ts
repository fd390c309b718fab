/**
 * Numbers and times as people read them, in the browser's language and zone. Pure, with the moment given, so that a page
 * that shows "12 s ago" and its test agree.
 */
export interface Locale {
  readonly language?: string;
  readonly timeZone?: string;
}

export function number(value: number, { language }: Locale = {}): string {
  return new Intl.NumberFormat(language).format(value);
}

/** Short, for axes only: 12.4k */
export function axisNumber(value: number, { language }: Locale = {}): string {
  return new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** Both ends of an axis, short where that tells them apart. */
export function axisEnds(low: number, high: number, locale: Locale = {}): [string, string] {
  const short: [string, string] = [axisNumber(low, locale), axisNumber(high, locale)];
  return low === high || short[0] !== short[1] ? short : [number(low, locale), number(high, locale)];
}

/** From 10 % without decimals, below with one. Of 0 of 0 nothing is known. */
export function percent(part: number, whole: number, { language }: Locale = {}): string {
  if (whole === 0) return '—';
  const share = part / whole;
  const digits = share >= 0.1 || share === 0 ? 0 : 1;
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: digits }).format(share);
}

/** "1 person", "12,431 people": the noun belongs to the number. */
export function count(value: number, singular: string, plural: string = `${singular}s`): string {
  return `${number(value)} ${value === 1 ? singular : plural}`;
}

/** What became of a member, as all pages call it. */
export const outcomeNames = {
  onTikTok: 'On TikTok',
  owed: 'Owed',
  parked: 'Parked',
  skipped: 'Skipped',
  leaving: 'Leaving',
} as const;

export const people = (value: number): string => count(value, 'person', 'people');

const minute = 60_000;
const hour = 60 * minute;

/** "12 s ago" up to an hour, "14:02" today, "21 Nov, 14:02" else, with the year if it is another one. */
export function moment(at: Date, now: Date, locale: Locale = {}): string {
  const age = now.getTime() - at.getTime();
  if (age >= 0 && age < hour)
    return age < minute ? `${Math.floor(age / 1_000)} s ago` : `${Math.floor(age / minute)} min ago`;
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale.language, { ...(locale.timeZone ? { timeZone: locale.timeZone } : {}), ...options })
      .format;
  const day = part({ year: 'numeric', month: '2-digit', day: '2-digit' });
  const time = part({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })(at);
  if (day(at) === day(now)) return time;
  const year = part({ year: 'numeric' });
  const date = part({ day: 'numeric', month: 'short', ...(year(at) === year(now) ? {} : { year: 'numeric' }) })(at);
  return `${date}, ${time}`;
}

/** The absolute time with its offset, for the title and for whoever writes it down. */
export function absolute(at: Date, { language, timeZone }: Locale = {}): string {
  return new Intl.DateTimeFormat(language, {
    ...(timeZone ? { timeZone } : {}),
    dateStyle: 'medium',
    timeStyle: 'long',
  }).format(at);
}

/** Time left, rounded up: nobody is promised less than it takes. */
export function timeLeft(seconds: number, doneAt: Date, locale: Locale = {}): string {
  if (seconds < 60) return 'less than a minute left';
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 90) return `about ${count(minutes, 'minute')} left`;
  const near = moment(doneAt, new Date(doneAt.getTime() - 2 * hour), locale);
  return `about ${count(Math.ceil(minutes / 60), 'hour')} left, done near ${near}`;
}

/** How long something takes, for consequences: "under a minute", "about 4 minutes". */
export function duration(seconds: number): string {
  if (seconds < 60) return 'under a minute';
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `about ${count(minutes, 'minute')}` : `about ${count(Math.ceil(minutes / 60), 'hour')}`;
}
