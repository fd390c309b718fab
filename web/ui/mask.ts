/**
 * Identifiers are never shown in full. The API masks what it keeps; this is for what a page holds anyway: a pasted event, a
 * hash of a call.
 */
export function maskEmail(email: string): string {
  const [name = '', domain = ''] = email.trim().split('@');
  const ending = domain.includes('.') ? domain.slice(domain.lastIndexOf('.')) : '';
  return `${first(name)}•••@${first(domain)}•••${ending}`;
}

/** The country's first digit and the last two: "+1•••••••55". */
export function maskPhone(phone: string): string {
  const digits = phone.replaceAll(/[^\d+]/g, '');
  if (digits.length < 6) return '•••';
  return `${digits.slice(0, 2)}${'•'.repeat(digits.length - 4)}${digits.slice(-2)}`;
}

export const maskDevice = (id: string): string => ends(id, 4, 4);
export const shortHash = (hash: string): string => ends(hash, 8, 4);

/** By the form of the value, whatever field it was found in. */
export function maskValue(value: string): string {
  if (/^[^\s@]+@[^\s@]+$/.test(value.trim())) return maskEmail(value);
  if (/^[0-9a-f]{64}$/i.test(value)) return shortHash(value);
  if (/^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(value)) return maskDevice(value);
  if (/^\+?[\d\s().-]{7,20}$/.test(value)) return maskPhone(value);
  return `${first(value)}•••`;
}

const first = (text: string): string => [...text][0] ?? '';
const ends = (text: string, start: number, end: number): string =>
  text.length <= start + end ? '•••' : `${text.slice(0, start)}…${text.slice(-end)}`;
