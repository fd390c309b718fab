import { hours, instant } from '../server/kernel/clock.ts';
import { type Html, html, pageReply } from './html.ts';
import { type Exchange, type Reply, readBody, redirectReply } from './http.ts';
import type { App } from './settings.ts';
import { findApp, type Grant, nextHex, type Role, type World } from './state.ts';

/** Section 2.1, step 4. */
const codeLife = hours(1);
const formBytesMax = 65_536;

const roles: readonly { role: Role; name: string }[] = [
  { role: 'admin', name: 'Admin' },
  { role: 'operator', name: 'Operator' },
  { role: 'analyst', name: 'Analyst' },
];

/** Section 2.5. */
const permissionNames: Readonly<Record<number, string>> = {
  1: 'Ad Account Management',
  3: 'Audience Management',
  10: 'Ad Account Information',
  15: 'Business Center',
  30: 'Read Custom Audiences',
  31: 'Create and Update Custom Audiences',
  32: 'Share Custom Audiences',
  100: 'Read Ad Account Information',
  150: 'Read Business Center',
};

interface Request {
  readonly app: App;
  readonly redirectUri: string;
  readonly state: string;
}

/** `GET /portal/auth` asks, `POST /portal/auth` takes the answer and sends the person back. */
export async function serveConsent(world: World, exchange: Exchange): Promise<Reply> {
  const form = exchange.method === 'POST' ? await readForm(exchange) : exchange.url.searchParams;
  const request = readRequest(world, form);
  if (typeof request === 'string') return errorPage(request);
  if (exchange.method === 'POST') return answerForm(world, request, form);
  switch (world.settings.consent) {
    case 'page':
      return consentPage(world, request, '');
    case 'deny':
      return denied(request);
    case 'approve':
      return agreed(world, request, {
        role: 'admin',
        advertiserIds: world.settings.businesses[0]?.advertisers.map(({ id }) => id) ?? [],
        scope: request.app.permissions,
      });
  }
}

export async function readForm({ request }: Exchange): Promise<URLSearchParams> {
  const body = await readBody(request, formBytesMax);
  return new URLSearchParams(body?.toString() ?? '');
}

function readRequest(world: World, form: URLSearchParams): Request | string {
  const app = findApp(world, form.get('app_id') ?? '');
  if (!app) return 'No app has this app_id.';
  const redirectUri = form.get('redirect_uri') ?? '';
  if (!isRegistered(app, redirectUri)) return 'This redirect_uri is not registered for the app.';
  return { app, redirectUri, state: form.get('state') ?? '' };
}

function isRegistered(app: App, uri: string): boolean {
  if (app.redirectUris.includes(uri)) return true;
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return /^https?:$/.test(protocol) && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

function answerForm(world: World, request: Request, form: URLSearchParams): Reply {
  if (form.get('decision') !== 'confirm') return denied(request);
  const advertiserIds = form.getAll('advertiser').filter((id) => world.advertisers.has(id));
  if (advertiserIds.length === 0) return consentPage(world, request, 'Choose at least one ad account.');
  const asked = form.getAll('permission').map(Number);
  const grant: Grant = {
    role: roles.find(({ role }) => role === form.get('role'))?.role ?? 'admin',
    advertiserIds,
    // Fewer than asked for is the person's right; more is not.
    scope: request.app.permissions.filter((id) => asked.includes(id)),
  };
  return agreed(world, request, grant);
}

function agreed(world: World, { app, redirectUri, state }: Request, grant: Grant): Reply {
  const code = nextHex(world, 'code');
  const expiresAt = instant(world.clock.now() + codeLife);
  world.codes.set(code, { appId: app.appId, grant, expiresAt, used: false });
  return redirectReply(withQuery(redirectUri, { auth_code: code, code, state }));
}

/** Q14: what TikTok sends back is not documented; nothing but the state. */
const denied = ({ redirectUri, state }: Request): Reply => redirectReply(withQuery(redirectUri, { state }));

function withQuery(uri: string, values: Readonly<Record<string, string>>): string {
  const url = new URL(uri);
  for (const [name, value] of Object.entries(values)) url.searchParams.set(name, value);
  return url.href;
}

const errorPage = (reason: string): Reply =>
  pageReply({ title: 'Cannot authorize', status: 400, body: html`<h1>Cannot authorize</h1><p>${reason}</p>` });

function consentPage(world: World, request: Request, problem: string): Reply {
  const { app, redirectUri, state } = request;
  const box = (name: string, value: string | number, words: string, checked: boolean): Html =>
    html`<label class="tick"><input type="checkbox" name="${name}" value="${value}"${checked ? html` checked` : ''}> <span>${words}</span></label>`;
  const businesses = world.settings.businesses.map(
    (business, index) => html`<h3>${business.name}</h3>
      ${business.advertisers.map(({ id, name }) => html`${box('advertiser', id, name, index === 0)}<p class="id">${id}</p>`)}`,
  );
  const body = html`<form method="post" action="/portal/auth" class="card">
      <h1>${app.name} asks for access to your ad accounts</h1>
      <p>App ID <code>${app.appId}</code>. You return to <code>${new URL(redirectUri).origin}</code>.</p>
      ${problem === '' ? '' : html`<p class="problem" role="alert">${problem}</p>`}
      <input type="hidden" name="app_id" value="${app.appId}">
      <input type="hidden" name="redirect_uri" value="${redirectUri}">
      <input type="hidden" name="state" value="${state}">
      <label class="field">Sign in as
        <select name="role">${roles.map(({ role, name }) => html`<option value="${role}">${name}</option>`)}</select></label>
      <fieldset><legend>Ad accounts</legend>${businesses}</fieldset>
      <fieldset><legend>Permissions</legend>
        ${app.permissions.map((id) => box('permission', id, permissionNames[id] ?? `Permission ${id}`, true))}</fieldset>
      <p class="buttons"><button name="decision" value="confirm" class="main">Confirm</button>
        <button name="decision" value="cancel">Cancel</button></p>
    </form>`;
  // A browser applies form-action to the redirect that follows the form as well.
  return pageReply({
    title: 'Authorize',
    body,
    formTarget: new URL(redirectUri).origin,
    status: problem === '' ? 200 : 422,
  });
}
