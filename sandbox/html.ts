import type { Reply } from './http.ts';

/** Text that is HTML already. Only `html` makes it, so every other value is escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Piece = Html | string | number | readonly Piece[];

export function html(parts: TemplateStringsArray, ...values: readonly Piece[]): Html {
  return new Html(parts.reduce((text, part, index) => text + piece(values[index - 1] ?? '') + part));
}

function piece(value: Piece): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value));
  return value.map(piece).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);

interface Page {
  readonly title: string;
  readonly body: Html;
  readonly status?: number;
  /** Another origin that the page's forms may lead to. */
  readonly formTarget?: string;
}

/** The frame of every page: no script at all, one stylesheet, visibly not TikTok's. */
export function pageReply({ title, body, status = 200, formTarget = '' }: Page): Reply {
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · TikTok sandbox</title><link rel="stylesheet" href="/sandbox.css"></head>
<body><header><a href="/">TikTok sandbox</a><span>Not TikTok. Nobody sees ads from here.</span></header>
<main>${body}</main></body></html>`;
  return {
    status,
    type: 'text/html; charset=utf-8',
    body: page.text,
    headers: {
      'content-security-policy': `default-src 'none'; style-src 'self'; form-action 'self' ${formTarget}; base-uri 'none'; frame-ancestors 'none'`,
      // Not no-referrer: with it a browser sends the page's own forms with `Origin: null`.
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  };
}
