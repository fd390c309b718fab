/** What a caller is told instead of a result; codes of tiktok-api.md 9. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
}

/** Tell parameter errors in the form "field: reason" (tiktok-api.md 14, check 6). */
export const badField = (field: string, reason: string): Refusal => ({ code: 40002, message: `${field}: ${reason}` });

/** Messages seen in the wild where section 9 has one. */
export const refusals = {
  noToken: { code: 40104, message: 'Access token is null, you should set it in http header with key Access-Token.' },
  badToken: { code: 40105, message: 'Access token is incorrect or has been revoked.' },
  badJson: { code: 40002, message: 'Request body: Not a valid JSON object.' },
  badApp: { code: 40101, message: 'App id or secret is incorrect.' },
  otherApp: { code: 40113, message: "The app_id is inconsistent with the token's app information." },
  badCode: { code: 40101, message: 'Auth_code is incorrect.' },
  spentCode: {
    code: 40110,
    message: 'The auth_code is canceled. Please re-authorize and try again with a new auth_code.',
  },
  notAllowlisted: { code: 40118, message: 'App is not on the allowlist of the Streaming API.' },
  notEditable: { code: 40002, message: 'Audience is not editable, please check audience status' },
} as const satisfies Record<string, Refusal>;

export const noAdvertiser = (id: string): Refusal => ({
  code: 40001,
  message: `No permission to operate advertiser ${id}.`,
});
export const noGrant = (path: string, method: string): Refusal => ({
  code: 40001,
  message: `advertiser does not grant you ${path}:${method} permission`,
});

const plainMessages: Readonly<Record<number, string>> = {
  20001: 'Partial success.',
  40016: 'Too many requests for this endpoint. Please retry in some time.',
  40050: 'Duplicated requests.',
  40061: 'Invalid batch size.',
  40100: 'Too many requests. Please retry in some time.',
  40102: 'Access token has expired.',
  40105: refusals.badToken.message,
  40133: "Advertiser's QPS reaches QPS limit for current path, request is temporarily restricted.",
  50000: 'System error.',
  51010: 'Internal service timed out. Please retry in sometime.',
  60001: 'System is under maintenance.',
};

/** The words TikTok uses for a code, as far as they are known. */
export const messageOf = (code: number): string => plainMessages[code] ?? `Error ${code}.`;
