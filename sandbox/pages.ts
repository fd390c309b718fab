import { createHash } from 'node:crypto';
import { hours } from '../server/kernel/clock.ts';
import { idTypes, paths } from '../server/tiktok/wire.ts';
import { type Audience, idsIn, statusOf } from './audience.ts';
import { readForm } from './consent.ts';
import { revokeAll } from './controls.ts';
import { visibleAudiences } from './custom-audiences.ts';
import { type FaultEffect, type FaultRuleInput, faultRuleSchema, type ListedFault } from './faults.ts';
import { type Html, html, pageReply } from './html.ts';
import { type Exchange, type Reply, redirectReply, textReply } from './http.ts';
import { timeText } from './sandbox-clock.ts';
import type { World } from './state.ts';

const audiencesPath = '/ads-manager/audiences';

/** The pages for people. Undefined: no page lives there. */
export async function servePage(world: World, exchange: Exchange): Promise<Reply | undefined> {
  const { url, method } = exchange;
  world.pending.settle(world.clock.now());
  if (method === 'POST') return postPage(world, exchange);
  if (url.pathname === '/') return indexPage(world);
  if (url.pathname === audiencesPath) return audiencesPage(world, url.searchParams.get('advertiser'));
  const audience = audienceAt(world, url.pathname);
  return audience && audiencePage(world, audience);
}

async function postPage(world: World, exchange: Exchange): Promise<Reply | undefined> {
  const { pathname } = exchange.url;
  const form = await readForm(exchange);
  const identifier = form.get('identifier') ?? '';
  const audience = audienceAt(world, pathname);
  if (audience) return audiencePage(world, audience, identifier);
  const controls: Readonly<Record<string, () => void>> = {
    '/controls/two-days': () => world.clock.advance(hours(48)),
    '/controls/real-time': () => world.clock.release(),
    '/controls/revoke': () => revokeAll(world),
    '/controls/slow': () => addFault(world, { effect: { kind: 'latency', ms: 3_000 } }),
    '/controls/refuse': () =>
      addFault(world, {
        path: paths.segmentMapping,
        hash: hashesOf(identifier),
        effect: { kind: 'code', code: 40002, message: 'batch_data: Not a valid id.' },
      }),
    '/controls/no-faults': () => world.faults.clear(),
  };
  const control = Object.hasOwn(controls, pathname) ? controls[pathname] : undefined;
  if (!control) return undefined;
  control();
  return redirectReply('/');
}

const addFault = (world: World, rule: FaultRuleInput): void => void world.faults.add(faultRuleSchema.parse(rule));

function audienceAt(world: World, path: string): Audience | undefined {
  const [, id] = /^\/ads-manager\/audiences\/(\d+)$/.exec(path) ?? [];
  return id === undefined ? undefined : world.audiences.get(id);
}

function indexPage(world: World): Reply {
  const button = (path: string, words: string): Html =>
    html`<form method="post" action="/controls/${path}"><button>${words}</button></form>`;
  const tokens = [...world.tokens.values()].filter(({ revoked }) => !revoked).length;
  const faults = world.faults.list();
  const body = html`<h1>TikTok sandbox</h1>
    <p class="lead">A stand-in for TikTok's API for Business, for tests and for trying things out. What it is sent stays in its memory.</p>
    <div class="cards">
    <section class="card"><h2>Ads Manager (sandbox)</h2>
    <ul class="rows">${[...world.advertisers.values()].map(({ id, name }) => html`<li><a href="${audiencesPath}?advertiser=${id}">${name}</a><code class="soft">${id}</code></li>`)}</ul></section>
    <section class="card"><h2>Time</h2>
    <p>It is ${stamp(world.clock.now())} UTC${world.clock.takenOver ? ', and the clock stands still' : ''}.</p>
    <div class="buttons">${button('two-days', 'Move 48 hours ahead')}${button('real-time', 'Back to real time')}</div></section>
    <section class="card"><h2>Access</h2>
    <p>${tokens} access ${tokens === 1 ? 'token is' : 'tokens are'} valid.</p>
    <div class="buttons">${button('revoke', 'Revoke access')}</div></section>
    <section class="card"><h2>Faults</h2>
    ${faults.length === 0 ? html`<p>None: every call is answered as it should be.</p>` : html`<ul>${faults.map(faultLine)}</ul>`}
    <div class="buttons">${button('slow', 'Slow down')}${button('no-faults', 'Clear faults')}</div>
    <form method="post" action="/controls/refuse">
      <label class="field">E-mail, phone or device id <input type="text" name="identifier" required autocomplete="off"></label>
      <p class="buttons"><button>Refuse one person</button></p></form></section>
    <section class="card"><h2>For programs</h2>
    <p><a href="/__sandbox/audiences">Audiences</a> · <a href="/__sandbox/journal">Journal</a> · <a href="/__sandbox/faults">Faults</a> ·
      <a href="/__sandbox/settings">Settings</a> · <a href="/__sandbox/clock">Clock</a></p></section>
    </div>`;
  return pageReply({ title: 'Overview', body });
}

/** What a fault does, for people; the JSON of `/__sandbox/faults` has the rest. */
const effectWords: Readonly<Record<FaultEffect['kind'], string>> = {
  code: 'Refused with a code',
  http: 'An HTTP error',
  hang: 'No answer',
  resetBeforeRead: 'Cut off before the call is read',
  resetAfterRead: 'Cut off after the call is read',
  applyThenReset: 'Done, then cut off',
  applyThenHang: 'Done, without an answer',
  applyThenCode: 'Done, and refused with a code',
  applyThenHttp: 'Done, and an HTTP error',
  applyLate: 'Takes effect late',
  partial: 'Half done',
  reorder: 'Takes effect after the next change',
  latency: 'Slow answers',
  slowDrip: 'Answers that trickle',
};

function faultLine({ effect, hash, struck }: ListedFault): Html {
  const about = [
    ...('code' in effect ? [String(effect.code)] : []),
    ...(hash === undefined ? [] : ['for one person']),
  ].join(' ');
  const met = struck === 1 ? 'met once' : `met ${struck.toLocaleString('en')} times`;
  return html`<li>${effectWords[effect.kind]} ${about} <span class="soft">${struck === 0 ? 'not met yet' : met}</span></li>`;
}

function audiencesPage(world: World, asked: string | null): Reply {
  const advertiser = asked === null ? [...world.advertisers.values()][0] : world.advertisers.get(asked);
  if (!advertiser) return textReply(404, 'No such ad account.');
  const audiences = visibleAudiences(world, advertiser.id);
  const columns = [
    'Name',
    'Audience ID',
    'Type',
    'Size',
    'Availability',
    'Created',
    'Updated',
    'Expires',
    'Ids received (sandbox only)',
  ];
  const body = html`<p class="crumbs">Ads Manager (sandbox) &gt; Assets. Times in UTC.</p><h1>Audiences</h1>
    <nav aria-label="Ad accounts">${[...world.advertisers.values()].map(({ id, name }) => html`<a href="${audiencesPath}?advertiser=${id}"${id === advertiser.id ? html` aria-current="page"` : ''}>${name}</a>`)}</nav>
    ${
      audiences.length === 0
        ? html`<p class="card empty">No audiences in ${advertiser.name} yet. Usher makes one with its first person.</p>`
        : html`<table role="table"><thead role="rowgroup"><tr role="row">${columns.map((column) => html`<th scope="col" role="columnheader">${column}</th>`)}</tr></thead>
    <tbody role="rowgroup">${audiences.map((audience) => audienceRow(world, audience, columns))}</tbody></table>`
    }`;
  return pageReply({ title: 'Audiences', body });
}

function audienceRow(world: World, audience: Audience, columns: readonly string[]): Html {
  const status = statusOf(audience, world.clock.now(), world.settings);
  const cells: (Html | string)[] = [
    html`<a href="${audiencesPath}/${audience.id}">${audience.name}</a>`,
    html`<code>${audience.id}</code>`,
    'Partner Audience',
    status.counted ? status.size.toLocaleString('en') : '—',
    badge(availability(world, audience)),
    stamp(audience.createdAt),
    stamp(audience.updatedAt),
    stamp(audience.expiresAt),
    idsIn(audience).toLocaleString('en'),
  ];
  return html`<tr role="row">${cells.map((cell, index) => html`<td role="cell" data-label="${columns[index] ?? ''}"><span>${cell}</span></td>`)}</tr>`;
}

const badge = (word: string): Html => html`<span class="badge" data-word="${word}">${word}</span>`;

function availability(world: World, audience: Audience): string {
  const status = statusOf(audience, world.clock.now(), world.settings);
  if (status.expired) return 'Unavailable';
  if (!status.counted || !status.ready) return 'Processing';
  if (!status.valid) return 'Unavailable';
  return status.expiring ? 'About to expire' : 'Available';
}

function audiencePage(world: World, audience: Audience, sought?: string): Reply {
  const since = sought === undefined ? undefined : memberSince(audience, sought);
  const found =
    sought === undefined
      ? ''
      : since === undefined
        ? html`<p role="status" class="found">Not in this audience</p>`
        : html`<p role="status" class="found is-in">In this audience since ${stamp(since * 1_000)}</p>`;
  const body = html`<p class="crumbs"><a href="${audiencesPath}?advertiser=${audience.advertiserId}">Audiences</a> of ${world.advertisers.get(audience.advertiserId)?.name ?? audience.advertiserId}</p>
    <h1>${audience.name}</h1>
    <p class="lead">Partner Audience · ${badge(availability(world, audience))} · ID <code>${audience.id}</code></p>
    <div class="cards">
    <section class="card wide"><form method="post" action="${audiencesPath}/${audience.id}">
      <label class="field">Find an e-mail, phone or device id <input type="text" name="identifier" required autocomplete="off"></label>
      <p class="buttons"><button class="main">Find</button></p></form>${found}</section>
    <section class="card"><h2>Ids received (sandbox only)</h2>
    <ul class="rows">${idTypes.map((type, index) => html`<li><code>${type}</code><span>${(audience.members[index]?.size ?? 0).toLocaleString('en')}</span></li>`)}</ul></section>
    <section class="card"><h2>History</h2>
    <ul class="rows">${audience.history.toReversed().map((row) => html`<li><span>${row.action} ${row.action_detail}</span> <span class="soft">${row.opt_time} UTC</span></li>`)}</ul></section>
    </div>`;
  return pageReply({ title: audience.name, body });
}

/** When one of the forms in which an identifier may have been hashed came in, in seconds. */
function memberSince(audience: Audience, sought: string): number | undefined {
  const hashes = hashesOf(sought);
  const times = audience.members.flatMap((of) => hashes.flatMap((hash) => of.get(hash) ?? []));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Every hash that the published rules, which contradict each other, may make of it; a hash stays itself (tiktok-api.md 8.1). */
function hashesOf(sought: string): string[] {
  const plain = sought.trim().toLowerCase();
  const [local = '', domain] = plain.split('@');
  const untagged = local.replace(/\+.*$/, '');
  const digits = plain.replace(/\D/g, '');
  const forms =
    domain === undefined
      ? [plain, plain.toUpperCase(), ...(digits === '' ? [] : [`+${digits}`, digits])]
      : [plain, `${untagged}@${domain}`, `${untagged.replaceAll('.', '')}@${domain}`];
  return [plain, ...forms.flatMap((form) => [digest('sha256', form), digest('md5', form)])];
}

const digest = (algorithm: 'sha256' | 'md5', text: string): string => createHash(algorithm).update(text).digest('hex');

const stamp = (time: number): Html => {
  const iso = new Date(time).toISOString();
  return html`<time datetime="${iso}">${timeText(time).slice(0, 16)}</time>`;
};
