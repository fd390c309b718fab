import { expect, test } from 'vitest';
import { giveConsent } from './consent.ts';
import type { Http, Question } from './http.ts';

const server = 'http://usher.test';
const page = `<form method="post" action='/portal/auth?app_id=7&amp;state=s1'>
  <input type="hidden" name="state" value="a &amp; b"><input type="checkbox" name="advertiser" value="71" checked>
  <input type="checkbox" name="advertiser" value="72"><button name="decision" value="deny">Deny</button>
  <button name="decision" value="allow">Allow</button></form>`;

function recording(answers: Record<string, { status?: number; location?: string; text?: string }>) {
  const asked: Question[] = [];
  const http: Http = async (question) => {
    asked.push(question);
    const answer = answers[`${question.method ?? 'GET'} ${question.url.split('?')[0]}`] ?? { status: 404 };
    return { status: answer.status ?? 200, location: answer.location, text: answer.text ?? '' };
  };
  return { asked, http };
}

test('the form is sent as it stands, and the walk ends at the callback', async () => {
  const { asked, http } = recording({
    'GET http://tiktok.test/portal/auth': { text: page },
    'POST http://tiktok.test/portal/auth': {
      status: 302,
      location: `${server}/oauth/tiktok/callback?auth_code=c&state=s1`,
    },
    [`GET ${server}/oauth/tiktok/callback`]: { status: 302, location: `${server}/destinations` },
  });
  const end = await giveConsent(http, 'http://tiktok.test/portal/auth?app_id=7&state=s1', server);
  expect(end).toContain('/oauth/tiktok/callback');
  expect(asked[1]?.url).toBe('http://tiktok.test/portal/auth?app_id=7&state=s1');
  expect(asked[1]?.body).toBe('state=a+%26+b&advertiser=71&decision=allow');
});

test('a refusal is told without the state and the code', async () => {
  const { http } = recording({
    'GET http://tiktok.test/portal/auth': {
      status: 302,
      location: `${server}/oauth/tiktok/callback?auth_code=secret-code`,
    },
    [`GET ${server}/oauth/tiktok/callback`]: { status: 400, text: 'the state is unknown' },
  });
  const walk = giveConsent(http, 'http://tiktok.test/portal/auth', server);
  await expect(walk).rejects.toThrow(
    'the consent stopped at http://usher.test/oauth/tiktok/callback: 400 the state is unknown',
  );
  await expect(walk).rejects.not.toThrow('secret-code');
});
