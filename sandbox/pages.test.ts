import { expect, test } from 'vitest';
import { hours } from '../server/kernel/clock.ts';
import { sha256, shopEu, shopUs, startClient } from './test-client.ts';

test('the index says what this is and leads to the audiences', async () => {
  const { raw } = await startClient();
  const page = await (await raw('/')).text();
  expect(page).toContain('Not TikTok');
  expect(page).toContain(`/ads-manager/audiences?advertiser=${shopUs}`);
});

test('Assets > Audiences lists what TikTok would show, and nothing of other accounts', async () => {
  const client = await startClient();
  const vip = await client.create('VIP <b>buyers</b>');
  await client.create('Europe', shopEu);
  await client.map(vip, 'add', 'ana');
  const response = await client.raw(`/ads-manager/audiences?advertiser=${shopUs}`);
  const page = await response.text();
  for (const words of [
    'VIP &lt;b&gt;buyers',
    vip,
    'Partner Audience',
    'Processing',
    '<time datetime="2026-08-03T16:27:49.000Z">2026-08-03 16:27</time>',
  ])
    expect(page).toContain(words);
  expect(page).not.toContain('Europe');
  expect(page).not.toContain('<b>');
  expect(page).not.toContain('<script');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  client.sandbox.advanceClock(hours(48));
  expect(await (await client.raw(`/ads-manager/audiences?advertiser=${shopUs}`)).text()).toContain('Unavailable');
  expect((await client.raw('/ads-manager/audiences?advertiser=1')).status).toBe(404);
});

test('an audience’s page finds a person by e-mail in any of TikTok’s forms, and shows the history', async () => {
  const client = await startClient();
  const vip = await client.create();
  await client.map(vip, 'add', 'anabell@example.org', '+16577770000');
  await client.map(vip, 'delete', '+16577770000');
  const find = async (identifier: string): Promise<string> => {
    const body = new URLSearchParams({ identifier });
    return (await client.raw(`/ads-manager/audiences/${vip}`, { method: 'POST', body })).text();
  };
  for (const form of [' Ana.Bell+news@example.org', sha256('anabell@example.org')])
    expect(await find(form)).toContain('In this audience since');
  expect(await find('+1 657 777 0000')).toContain('Not in this audience');
  expect(await find('x')).toMatch(/delete 1<.*add 2<.*create 0</s);
  expect((await client.raw('/ads-manager/audiences/1')).status).toBe(404);
});

test('the buttons move the time, revoke access, slow down and clear', async () => {
  const client = await startClient();
  const press = async (button: string): Promise<number> =>
    (await client.raw(`/controls/${button}`, { method: 'POST' })).status;
  const before = client.sandbox.now();
  expect(await press('two-days')).toBe(302);
  expect(client.sandbox.now() - before).toBe(hours(48));
  expect(await press('slow')).toBe(302);
  expect(await (await client.raw('/')).text()).toContain('Slow answers');
  await press('no-faults');
  await press('revoke');
  expect((await client.get('/user/info/')).code).toBe(40105);
  expect(await press('unknown')).toBe(404);
});

test('one person can be refused by name, in every form', async () => {
  const client = await startClient();
  const vip = await client.create();
  const body = new URLSearchParams({ identifier: 'Ana@example.org' });
  expect((await client.raw('/controls/refuse', { method: 'POST', body })).status).toBe(302);
  expect((await client.map(vip, 'add', 'ben@example.org')).code).toBe(0);
  expect((await client.map(vip, 'add', 'ben@example.org', 'ana@example.org')).code).toBe(40002);
  expect(await (await client.raw('/')).text()).not.toContain('ana@example.org');
});

test('the stylesheet is served and knows dark mode', async () => {
  const { raw } = await startClient();
  expect(await (await raw('/sandbox.css')).text()).toContain('prefers-color-scheme: dark');
});

test('a browser may send the forms of the pages: their policy lets the origin through', async () => {
  const { raw, sandbox } = await startClient();
  expect((await raw('/')).headers.get('referrer-policy')).toBe('same-origin');
  const pressed = await raw('/controls/two-days', { method: 'POST', headers: { origin: sandbox.url } });
  expect(pressed.status).toBe(302);
});
