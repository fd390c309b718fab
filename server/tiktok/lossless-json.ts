/**
 * `JSON.parse`, with whole numbers of 16 and more digits as texts. TikTok's ids are decimal texts of about 19 digits, but
 * some answers carry them as numbers (tiktok-api.md 1 and 4.1), and `JSON.parse` would round those beyond 2^53 without a
 * word: another advertiser's id. Throws `SyntaxError` like `JSON.parse`.
 */
export const parseLossless = (text: string): unknown =>
  JSON.parse(/\d{16}/.test(text) ? quoteLongIntegers(text) : text);

/** 2^53 has 16 digits: every shorter number is exact. */
const exactDigits = 15;

/** One pass, no regular expression over the whole text: a hostile body costs its length, no more. */
function quoteLongIntegers(text: string): string {
  let quoted = '';
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at);
    else if (isDigit(char)) {
      const end = endOfNumber(text, at);
      const token = text.slice(at, end);
      if (token.length > exactDigits && /^\d+$/.test(token)) {
        // A minus belongs to the text; in front of a quote it would be a syntax error.
        const start = text[at - 1] === '-' ? at - 1 : at;
        quoted += `${text.slice(copied, start)}"${text.slice(start, end)}"`;
        copied = end;
      }
      at = end;
    } else at += 1;
  }
  return quoted + text.slice(copied);
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfNumber(text: string, start: number): number {
  let at = start;
  while (at < text.length && (isDigit(text[at]) || '.eE+-'.includes(text[at] ?? ''))) at += 1;
  return at;
}

const isDigit = (char: string | undefined): boolean => char !== undefined && char >= '0' && char <= '9';
