/**
 * TikTok's return codes: what each one means, how Usher takes it, and what a person can do about it. Data only; the list,
 * its sources and the reasons for each class stand in tiktok-api.md 9. Where a class differs from that list, the row says why.
 */

export type CodeClass =
  | 'ok'
  /** Accepted, but perhaps not all of it. */
  | 'partial'
  /** The app called too often: wait, then go on (tiktok-api.md 10). */
  | 'throttle'
  | 'throttle-long'
  | 'throttle-advertiser'
  | 'retry'
  /** Again, but not within the hour. */
  | 'retry-slow'
  /** TikTok gave up waiting for itself: it may still happen (rule 11). */
  | 'timeout'
  | 'reauth'
  | 'forbidden'
  | 'drop'
  | 'gone'
  | 'split'
  | 'config';

export interface CodeMeaning {
  readonly class: CodeClass;
  /** In plain words, for people. */
  readonly meaning: string;
  /** What a person should do. */
  readonly advice: string;
}

interface CodeRow {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
  readonly class: CodeClass;
  readonly meaning: string;
  readonly advice?: string;
}

/** What to do, unless the row says something better. */
const adviceByClass: Readonly<Record<CodeClass, string>> = {
  ok: 'Nothing to do.',
  partial: 'Nothing to do: Usher sends the batch once more.',
  throttle: 'Nothing to do: Usher slows down and goes on. If it happens often, ask TikTok for a higher rate level.',
  'throttle-long':
    'Nothing to do: Usher waits longer and goes on. If it happens often, ask TikTok for a higher rate level.',
  'throttle-advertiser': 'Nothing to do: Usher slows down for this ad account only and goes on.',
  retry: 'Nothing to do: Usher tries again by itself.',
  'retry-slow': 'Nothing to do: Usher tries again after an hour or more.',
  timeout: 'Nothing to do: Usher sends it again and checks once more later.',
  reauth: 'Connect TikTok again, as a user who has access to the ad account.',
  forbidden:
    'Give the TikTok user the role Admin or Operator on the ad account, then connect again with all permissions ticked.',
  drop: 'Look at the message: TikTok refuses this data and will refuse it again.',
  gone: 'Choose another audience or ad account: this one no longer exists on TikTok.',
  split: 'Nothing to do: Usher sends smaller batches.',
  config:
    'Check the TikTok app (id, secret, review state, permissions); if it is right, report this as a bug in Usher.',
};

const one = (code: number, kind: CodeClass, meaning: string, advice?: string): CodeRow =>
  range(code, code, kind, meaning, advice);

function range(...[from, to, kind, meaning, advice]: [number, number, CodeClass, string, string?]): CodeRow {
  return { from, to, class: kind, meaning, ...(advice === undefined ? {} : { advice }) };
}

const startConsentAgain =
  'Start connecting TikTok once more: the permission was not completed in time or was used already.';
const notOurs = 'It concerns a feature that Usher does not use.';

/** tiktok-api.md 9, in its order. A single code stands before the range that holds it. */
export const codeRows: readonly CodeRow[] = [
  one(0, 'ok', 'Done.'),
  // Only TikTok's samples of /segment/* show it (correction 5); `classify` takes it for success there and nowhere else.
  one(200, 'ok', 'Done (as TikTok’s pages print it for audiences).'),
  one(20001, 'partial', 'Partly done; TikTok does not say which part.'),
  one(40000, 'drop', 'A parameter is not valid.'),
  one(40001, 'forbidden', 'No permission for this ad account or this call.'),
  one(40002, 'drop', 'A parameter is wrong; the message names it.'),
  one(40003, 'forbidden', 'Forbidden.'),
  one(40006, 'config', 'The API version does not fit.'),
  one(40007, 'gone', 'The object does not exist.'),
  one(40008, 'config', 'The endpoint does not exist.'),
  one(40009, 'config', 'A parameter does not exist in TikTok’s sandbox.'),
  one(40010, 'config', 'This domain is not supported.'),
  one(40011, 'split', 'Too many ids in one call.'),
  one(40012, 'ok', 'Nothing to change: it is so already.'),
  one(40013, 'config', 'There is no account in TikTok’s sandbox.'),
  one(40014, 'config', 'TikTok’s sandbox does not have this.'),
  one(40016, 'throttle', 'Too many calls to this endpoint by the app.'),
  // "Retry once, then treat as done": the same care that a partial success gets.
  one(40050, 'partial', 'The same request was made a moment ago.'),
  one(40051, 'config', 'The API version is not valid.'),
  one(40061, 'split', 'The batch is too large.'),
  one(40062, 'config', 'An identifier was not hashed.', 'Report this as a bug in Usher. Sending has stopped.'),
  one(40063, 'config', 'The partner’s name is not valid.'),
  // Listed as not applicable. They say nothing about single rows, so they stop the destination and park nobody (I7).
  one(40065, 'config', 'Ages 13 to 17 cannot be targeted in the US.', notOurs),
  one(40100, 'throttle', 'Too many calls by the app.'),
  one(40101, 'config', 'App id, secret or auth code do not belong together.'),
  one(40102, 'reauth', 'The access token has expired.'),
  one(40103, 'reauth', 'The refresh token has expired.'),
  one(40104, 'config', 'The call carried no access token.'),
  one(40105, 'reauth', 'The access token is wrong or was revoked.'),
  one(40106, 'reauth', 'The token’s user does not belong to this ad account.'),
  one(40107, 'reauth', 'The refresh token is not valid.'),
  one(40108, 'config', 'The grant type is wrong.'),
  one(40109, 'config', 'TikTok could not decipher a value.'),
  one(40110, 'reauth', 'The auth code was cancelled, used or has expired.', startConsentAgain),
  one(40112, 'config', 'The password is wrong.'),
  one(40113, 'config', 'The app is blocked, does not exist, or is not the token’s app.'),
  one(40114, 'reauth', 'The advertiser has logged out.'),
  one(40115, 'reauth', 'The authorisation is too old or of another kind.', startConsentAgain),
  one(40116, 'config', 'The signature is not valid.'),
  one(40117, 'config', 'The HTTP method is not allowed.'),
  one(
    40118,
    'forbidden',
    'The app or the ad account is not on TikTok’s allowlist for this feature or region.',
    'Ask your TikTok representative to allow the Streaming (Segment) API for your app and ad account.',
  ),
  one(40119, 'reauth', 'App and advertiser do not belong to the same company.'),
  range(40120, 40122, 'config', 'A TikTok user or creator account has a problem.', notOurs),
  one(
    40124,
    'config',
    'The developer profile is not approved yet.',
    'Wait for TikTok’s review of your developer profile.',
  ),
  one(40125, 'config', 'The developer lacks a permission.'),
  range(40126, 40129, 'config', 'A brand-safety partner is not authorised.', notOurs),
  one(40130, 'forbidden', 'The permission was not granted.'),
  one(40131, 'forbidden', 'The TikTok user did not grant access.'),
  one(40132, 'throttle', 'Too many calls for one value.'),
  one(40133, 'throttle-advertiser', 'Too many calls for this ad account.'),
  one(40200, 'retry', 'A task failed on TikTok’s side.'),
  one(40201, 'retry', 'A task is not ready yet.'),
  one(40202, 'retry', 'Somebody else wrote at the same time.'),
  // The list says DROP and disable the destination: a cause of the whole batch, so it must park nobody (I7).
  one(40300, 'forbidden', 'The ad account does not exist or was deleted.', 'Choose another ad account.'),
  one(40301, 'forbidden', 'The ad account cannot be matched.', 'Choose another ad account.'),
  one(40302, 'forbidden', 'The customer’s ad account is missing.', 'Choose another ad account.'),
  one(40309, 'reauth', 'The advertiser must log in.'),
  one(40400, 'config', 'The path does not exist.'),
  one(40502, 'config', 'The largest number of ads is reached.', notOurs),
  one(40700, 'drop', 'An internal check on TikTok’s side failed.'),
  one(40900, 'retry', 'The file’s signature does not match.'),
  range(40901, 40904, 'drop', 'A media file or its address is not accepted.'),
  one(40905, 'drop', 'The file is missing.', 'Upload the file again.'),
  one(40906, 'drop', 'The file is empty.'),
  one(40907, 'split', 'The file is too large.'),
  one(40908, 'drop', 'The file’s type is wrong.'),
  one(40909, 'drop', 'The kind of encryption is wrong.'),
  one(40910, 'drop', 'The uploaded file has expired.', 'Upload the file again.'),
  range(40911, 40916, 'drop', 'A media file or its address is not accepted.'),
  one(
    41000,
    'config',
    'Calls from this server’s country are blocked.',
    'Run Usher in a country from which TikTok allows calls.',
  ),
  one(41001, 'config', 'The endpoint was taken offline.'),
  one(41002, 'config', 'A field is no longer in use.'),
  one(41013, 'config', 'TikTok’s video service refused.', notOurs),
  one(50000, 'retry', 'TikTok had a system error.'),
  one(50002, 'retry', 'Something failed on TikTok’s side; see the message.'),
  one(51003, 'retry', 'TikTok’s audience service failed.'),
  one(51008, 'retry', 'TikTok’s advertiser service failed.'),
  one(51010, 'timeout', 'A service inside TikTok did not answer in time.'),
  one(51016, 'retry', 'TikTok’s account service failed.'),
  one(51039, 'retry', 'TikTok’s sign-in service failed.'),
  one(51060, 'retry', 'TikTok’s Business Center service failed.'),
  one(51063, 'retry', 'TikTok’s segment gateway failed.'),
  range(51000, 51099, 'retry', 'A service inside TikTok failed.'),
  one(51305, 'retry', 'A service inside TikTok failed.'),
  range(52000, 52003, 'retry', 'A database inside TikTok failed.'),
  range(52100, 52103, 'retry', 'A cache inside TikTok failed.'),
  range(52201, 52204, 'retry', 'A file store inside TikTok failed.'),
  one(53102, 'retry', 'TikTok could not write its answer.'),
  one(53103, 'retry', 'TikTok could not read the request.'),
  one(60001, 'retry-slow', 'TikTok is being maintained.'),
  one(61000, 'throttle-long', 'Too many calls: TikTok has blocked the app for a while.'),
  one(70001, 'config', 'The kind of business authorisation is not valid.'),
];

const rowByCode: ReadonlyMap<number, CodeRow> = expand(codeRows);

/** The row of a code, or undefined when the list does not have it. */
export const codeRow = (code: number): CodeRow | undefined => rowByCode.get(code);

/** What to tell people about a code; every number gets an answer. */
export function codeMeaning(code: number): CodeMeaning {
  const row = codeRow(code);
  const kind = row?.class ?? classOfUnlisted(code);
  return {
    class: kind,
    meaning: row?.meaning ?? 'TikTok’s list of codes does not explain this one; see the message.',
    advice: row?.advice ?? adviceByClass[kind],
  };
}

/**
 * "Any other 4xxxx / 5xxxx: DROP / RETRY" (tiktok-api.md 9). 6xxxx is maintenance and the like. What is left says neither
 * yes nor no, which is the same doubt that a timeout leaves.
 */
export function classOfUnlisted(code: number): CodeClass {
  if (code >= 40_000 && code < 50_000) return 'drop';
  if (code >= 50_000 && code < 70_000) return 'retry';
  return 'timeout';
}

function expand(rows: readonly CodeRow[]): Map<number, CodeRow> {
  const byCode = new Map<number, CodeRow>();
  for (const row of rows)
    for (let code = row.from; code <= row.to; code++) if (!byCode.has(code)) byCode.set(code, row);
  return byCode;
}
