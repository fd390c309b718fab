import { DemoError, type Http, type HttpAnswer, type Question } from './http.ts';

/** Redirects and forms between the consent page and Usher's callback; more would be a loop. */
const hopsMax = 8;

/**
 * Walks through a consent page as a person would: follows redirects and sends the page's form as it stands, until the
 * server that asked has its answer. Returns the address at which the walk ended.
 */
export async function giveConsent(http: Http, authorizeUrl: string, server: string): Promise<string> {
  let question: Question = { url: authorizeUrl };
  for (let hop = 0; hop < hopsMax; hop += 1) {
    const answer = await http(question);
    if (answer.status >= 400) {
      throw new DemoError(
        `the consent stopped at ${placeOf(question.url)}: ${answer.status} ${answer.text.slice(0, 200)}`,
      );
    }
    const next = nextQuestion(question.url, answer, server);
    if (next === undefined) return question.url;
    question = next;
  }
  throw new DemoError(`the consent did not end after ${hopsMax} pages, the last one ${placeOf(question.url)}`);
}

function nextQuestion(url: string, answer: HttpAnswer, server: string): Question | undefined {
  const handedOver = new URL(url).pathname === '/oauth/tiktok/callback';
  // Once the callback has answered without an error the code is with Usher; where it sends the browser is the app's matter.
  if (handedOver && url.startsWith(server)) return undefined;
  if (answer.location !== undefined) return { url: answer.location };
  const form = /<form\b([^>]*)>([\s\S]*?)<\/form>/i.exec(answer.text);
  if (form === null) throw new DemoError(`no form on the consent page at ${placeOf(url)}`);
  return submission(url, attribute(form[1] ?? '', 'action'), attribute(form[1] ?? '', 'method'), form[2] ?? '');
}

function submission(page: string, action: string | undefined, method: string | undefined, content: string): Question {
  const fields = new URLSearchParams();
  for (const [tag] of content.matchAll(/<(?:input|button)\b[^>]*>/gi)) {
    const name = attribute(tag, 'name');
    const type = attribute(tag, 'type')?.toLowerCase();
    if (name === undefined || ((type === 'checkbox' || type === 'radio') && !/\schecked\b/i.test(tag))) continue;
    const pressed = type === 'submit' || /^<button/i.test(tag);
    if (pressed && /deny|cancel|refuse/i.test(tag)) continue;
    fields.append(name, attribute(tag, 'value') ?? (type === 'checkbox' ? 'on' : ''));
  }
  const target = new URL(action === undefined || action === '' ? page : action, page);
  if (method?.toLowerCase() !== 'post') {
    for (const [name, value] of fields) target.searchParams.append(name, value);
    return { url: target.href };
  }
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', url: target.href, headers, body: fields.toString() };
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(tag);
  const value = found?.[1] ?? found?.[2] ?? found?.[3];
  return value
    ?.replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

/** An address without its query, which holds the state and the code. */
const placeOf = (url: string): string => url.split('?')[0] ?? '';
