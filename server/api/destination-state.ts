import { idToText } from '../../contract/ids.ts';
import { type Destination, missingScopes, type Target } from '../destinations/destinations.ts';
import { type Clock, minutes } from '../kernel/clock.ts';
import { codeMeaning } from '../tiktok/tiktok.ts';
import { sumOf } from './delivery.ts';
import type { Facts } from './destination-facts.ts';

export const statuses = [
  'setup-not-finished',
  'paused',
  'needs-you',
  'failing',
  'slowed',
  'syncing',
  'healthy',
] as const;
export type Status = (typeof statuses)[number];

/** One line for people: what happened, what is kept, what mends it. */
export interface Line {
  readonly status: Status;
  readonly code: string;
  readonly since: Date;
  readonly message: string;
  readonly kept: string | null;
  readonly remedy: { readonly label: string; readonly href: string } | null;
}

/** Every line that holds, the worst first; never empty. */
export function linesOf(facts: Facts, clock: Clock): Line[] {
  const { destination } = facts;
  const links = linksOf(destination);
  const sent = facts.calls.some(({ kind }) => kind === 'add' || kind === 'delete');
  const unfinished = !destination.connected || facts.mappings === 0 || facts.audiences.length === 0;
  if (unfinished && !sent) return [notFinished(facts, links)];
  if (!destination.enabled) return [switchedOff(facts)];
  const lines = [
    ...needsYou(facts, links),
    ...failing(facts, clock, links),
    ...slowed(facts, clock),
    ...syncing(facts),
  ];
  return lines.length > 0 ? lines : [healthy(facts)];
}

type Links = ReturnType<typeof linksOf>;

/** Addresses of the web app (web/app/router.tsx). */
function linksOf({ spaceId, id }: Destination) {
  const space = `/spaces/${idToText('space', spaceId)}`;
  const own = `${space}/connections/destinations/${idToText('destination', id)}`;
  return {
    settings: `${own}/settings`,
    mappings: `${own}/mappings`,
    overview: `${own}/overview`,
    delivery: `${own}/delivery`,
    audiences: `${space}/engage/audiences`,
  };
}

function notFinished({ destination, mappings }: Facts, links: Links): Line {
  const next = destination.connected
    ? mappings === 0
      ? { code: 'setup-mapping', message: 'Next: make a mapping.', label: 'New Mapping', href: links.mappings }
      : {
          code: 'setup-audience',
          message: 'Next: connect an audience.',
          label: 'Choose an audience',
          href: links.audiences,
        }
    : { code: 'setup-connect', message: 'Next: connect TikTok.', label: 'Connect TikTok', href: links.settings };
  const { code, message, ...remedy } = next;
  return { status: 'setup-not-finished', code, since: destination.createdAt, message, kept: null, remedy };
}

const switchedOff = (facts: Facts): Line => ({
  status: 'paused',
  code: 'off',
  since: facts.destination.updatedAt,
  message: 'Enable Destination is off.',
  kept: keptOf(facts.pointers),
  remedy: { label: 'Resume', href: linksOf(facts.destination).settings },
});

function needsYou(facts: Facts, links: Links): Line[] {
  return [
    ...connectionLines(facts, links),
    ...facts.targets.filter(({ state }) => state === 'blocked').map((target) => blockedLine(target, links)),
    ...unmatchedLines(facts, links),
    ...parkedLines(facts, links),
  ];
}

function connectionLines(facts: Facts, links: Links): Line[] {
  const { destination } = facts;
  const { paused } = destination;
  const reconnect = { label: 'Reconnect TikTok', href: links.settings };
  const line = { status: 'needs-you', kept: keptOf(facts.pointers), remedy: reconnect } as const;
  if (!destination.connected) {
    const since = paused?.at ?? destination.updatedAt;
    return [{ ...line, code: 'disconnected', since, message: 'TikTok is disconnected.' }];
  }
  if (paused === null) return [];
  if (paused.code === null && missingScopes(destination.scopes).length > 0) {
    const names = missingScopes(destination.scopes).map(({ name }) => `“${name}”`);
    const message = `TikTok connected, but without the permission ${names.join(' and ')}.`;
    return [{ ...line, code: 'permission', since: paused.at, message }];
  }
  const kind = paused.code === null ? undefined : codeMeaning(paused.code).class;
  if (kind === 'reauth') {
    const message = `TikTok no longer accepts this connection (${paused.code}).`;
    return [{ ...line, code: 'reauth', since: paused.at, message }];
  }
  if (kind === 'config') return []; // nobody here can mend it at once: see `failing`
  return [{ ...line, code: 'stopped', since: paused.at, message: sentence(paused.reason) }];
}

function blockedLine(target: Target, links: Links): Line {
  const name = target.named ?? target.tiktokId ?? '';
  const line = { status: 'needs-you', code: target.problem ?? 'blocked', since: target.updatedAt } as const;
  const kept = 'What is owed to it is kept.';
  const choose = (label: string) => ({ label, href: links.overview });
  switch (target.problem) {
    case 'several':
      return {
        ...line,
        message: `Ad account ${target.advertiserId} has ${target.choices.length} TikTok audiences called ${name}, so Usher does not guess.`,
        kept,
        remedy: choose('Choose one'),
      };
    case 'none':
      return {
        ...line,
        message: `Ad account ${target.advertiserId} has no TikTok audience called ${name}, and creating is off.`,
        kept,
        remedy: choose('Create it now'),
      };
    case 'gone':
      return {
        ...line,
        message: `The TikTok audience ${name} no longer exists.`,
        kept,
        remedy: choose('Create again'),
      };
    case 'forbidden':
      return {
        ...line,
        message: `TikTok refuses changes in ad account ${target.advertiserId}.`,
        kept,
        remedy: { label: 'Check again', href: links.settings },
      };
    case 'advertiser':
    case 'name':
    case 'not-feedable':
    case 'fed-elsewhere':
    case 'same':
    case 'refused':
    case null:
      return {
        ...line,
        message: sentence(target.reason ?? `The TikTok audience ${name} is blocked`),
        kept,
        remedy: choose('Open it'),
      };
  }
}

const unmatchedLines = (facts: Facts, links: Links): Line[] =>
  facts.audiences
    .filter(({ connection }) => connection.enabled && (facts.unmatched.get(connection.audienceId) ?? 0) > 0)
    .map(({ connection, name }) => ({
      status: 'needs-you',
      code: 'no-mapping',
      since: connection.updatedAt,
      message: `No enabled mapping takes the people of ${name}.`,
      kept: 'Members are counted, none will be sent.',
      remedy: { label: 'Show mappings', href: links.mappings },
    }));

/** web.md 5.1: over one in a hundred. */
const parkedShare = 0.01;

const parkedLines = (facts: Facts, links: Links): Line[] =>
  facts.audiences
    .filter(({ sync }) => sync.counts.parked > sync.counts.members * parkedShare)
    .map(({ name, sync, connection }) => ({
      status: 'needs-you',
      code: 'parked',
      since: connection.updatedAt,
      message: `TikTok refused ${grouped(sync.counts.parked)} people of ${name} on their own.`,
      kept: 'The others went through.',
      remedy: { label: 'Show parked', href: `${links.delivery}?view=parked` },
    }));

/** What Usher retries by itself is no alarm before this (web.md 5.1). */
const patience = minutes(15);
const failed: ReadonlySet<string> = new Set(['retry', 'unknown', 'unsent']);

function failing(facts: Facts, clock: Clock, links: Links): Line[] {
  const { paused } = facts.destination;
  const line = { status: 'failing', kept: keptOf(facts.pointers) } as const;
  if (paused !== null && paused.code !== null && codeMeaning(paused.code).class === 'config') {
    const { meaning } = codeMeaning(paused.code);
    const remedy = { label: 'TikTok app', href: '/settings/tiktok-app' };
    return [
      { ...line, code: 'config', since: paused.at, message: `${meaning.replace(/\.$/, '')} (${paused.code}).`, remedy },
    ];
  }
  const finished = facts.calls.filter(({ outcome }) => outcome !== null);
  const good = finished.findIndex(({ outcome }) => !failed.has(outcome ?? ''));
  const run = good === -1 ? finished : finished.slice(0, good);
  const since = run.at(-1)?.startedAt;
  if (since === undefined || clock.now() - since.getTime() < patience) return [];
  const remedy = { label: 'Show calls', href: `${links.delivery}?view=calls` };
  return [{ ...line, code: 'no-answer', since, message: 'TikTok has not answered as it should.', remedy }];
}

/** A throttled call says something for as long as TikTok's window is (tiktok-api.md 10). */
const throttleWindow = minutes(5);

function slowed(facts: Facts, clock: Clock): Line[] {
  const [last] = facts.calls.filter(({ outcome }) => outcome !== null);
  if (last?.outcome !== 'throttled' || clock.now() - last.startedAt.getTime() > throttleWindow) return [];
  const { owed } = sumOf(facts.audiences.map(({ sync }) => sync.counts));
  return [
    {
      status: 'slowed',
      code: 'throttled',
      since: last.startedAt,
      message: 'TikTok asked for fewer calls.',
      kept: `${grouped(owed)} people wait, nobody is lost.`,
      remedy: null,
    },
  ];
}

/** A walk under way, or people who are on their way. Those who wait for what another line asks for are no work in progress. */
const syncing = (facts: Facts): Line[] =>
  facts.audiences.flatMap(({ name, sync }) => {
    const { walk, counts: now } = sync;
    const walked = walk === null || walk.finishedAt !== null;
    if (walk === null || (walked && (now.owed === 0 || !facts.goingOut))) return [];
    const done = now.members - now.owed;
    return [
      {
        status: 'syncing' as const,
        code: walk.reason,
        since: new Date(walk.startedAt),
        message: `Syncing ${name}: ${grouped(done)} of ${grouped(now.members)} people.`,
        kept: null,
        remedy: null,
      },
    ];
  });

const grouped = (count: number): string => count.toLocaleString('en-US');

function healthy(facts: Facts): Line {
  const last = facts.calls.find(({ kind, outcome }) => (kind === 'add' || kind === 'delete') && outcome === 'ok');
  return {
    status: 'healthy',
    code: 'healthy',
    since: last?.startedAt ?? facts.destination.updatedAt,
    message: whereMembersAre(facts),
    kept: null,
    remedy: null,
  };
}

function whereMembersAre({ audiences }: Facts): string {
  const { owed, parked } = sumOf(audiences.map(({ sync }) => sync.counts));
  if (owed > 0) return `${grouped(owed)} people are on their way to TikTok.`;
  if (parked > 0) return `All members with an identifier are on TikTok but ${grouped(parked)} whom TikTok refused.`;
  return 'All members with an identifier are on TikTok.';
}

const keptOf = (pointers: number): string | null =>
  pointers === 0 ? null : `${grouped(pointers)} change${pointers === 1 ? ' is' : 's are'} kept and will go out.`;

const sentence = (text: string): string => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
};
