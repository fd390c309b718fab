import type { Reply } from './http.ts';

const css = `:root { color-scheme: light dark; --text: #1c2024; --soft: #5a6169; --line: #d9dde2; --back: #f6f7f9; --card: #fff;
  --main: #1f5fd0; --on-main: #fff; --bad: #b3261e; --control: #7d8693; --good: #1b6e3c; --good-tint: #e4f4ea;
  --warn: #8a4b00; --warn-tint: #fdf0dc; --tint: #eff1f4; }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaed; --soft: #a3abb4; --line: #363c44; --back: #14171a; --card: #1d2125;
  --main: #8ab4f8; --on-main: #0b1a33; --bad: #f2a19b; --control: #79828e; --good: #6fd197; --good-tint: #16301f;
  --warn: #f3b562; --warn-tint: #36270f; --tint: #262b31; } }
* { box-sizing: border-box; }
body { margin: 0; font: 14px/20px system-ui, sans-serif; color: var(--text); background: var(--back); }
header { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 12px 16px; border-bottom: 1px solid var(--line); background: var(--card); }
header a { font-weight: 600; color: inherit; text-decoration: none; }
header span, .soft, .id { color: var(--soft); }
main { max-width: 1280px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 24px; line-height: 32px; font-weight: 600; margin: 0 0 8px; }
h2 { font-size: 16px; line-height: 24px; font-weight: 600; margin: 0 0 8px; }
.lead, .crumbs { color: var(--soft); max-width: 72ch; }
.lead { margin: 0 0 24px; }
.crumbs { margin: 0 0 4px; }
h3 { font-size: 14px; line-height: 20px; font-weight: 600; margin: 12px 0 4px; }
a { color: var(--main); }
code, .id { font: 13px/20px ui-monospace, monospace; overflow-wrap: anywhere; }
.card { padding: 16px; background: var(--card); border: 1px solid var(--line); border-radius: 6px; }
.card > p { margin: 0; }
form.card { max-width: 640px; margin: 0 auto; padding: 24px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 16px; align-items: start; }
.card.wide { grid-column: 1 / -1; }
.card.empty { padding: 32px 16px; border-style: dashed; text-align: center; color: var(--soft); }
.rows { margin: 0; padding: 0; list-style: none; }
.rows li { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 16px; padding: 6px 0; border-top: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
.rows li:first-child { border-top: 0; }
.badge { padding: 1px 8px; border-radius: 6px; background: var(--tint); font-size: 13px; font-weight: 600; white-space: nowrap; }
.badge[data-word="Available"] { color: var(--good); background: var(--good-tint); }
.badge[data-word="Unavailable"], .badge[data-word="About to expire"] { color: var(--warn); background: var(--warn-tint); }
.card > .found { margin: 16px 0 0; padding: 8px 12px; border-radius: 6px; background: var(--tint); font-weight: 600; }
.found.is-in { color: var(--good); background: var(--good-tint); }
fieldset { border: 1px solid var(--line); border-radius: 6px; margin: 16px 0; padding: 8px 16px 12px; }
legend { font-weight: 600; padding: 0 4px; }
.tick { display: flex; gap: 8px; align-items: center; min-height: 32px; }
.tick input { flex: none; width: 18px; height: 18px; margin: 0; accent-color: var(--main); }
.id { margin: 0 0 4px 26px; }
.field { display: block; margin: 16px 0 0; font-weight: 600; }
form > .field:first-child { margin: 0; }
.buttons + form { margin-top: 16px; }
select, input[type=text] { font: inherit; font-weight: 400; color: inherit; background: var(--card); border: 1px solid var(--control); border-radius: 6px;
  padding: 6px 8px; min-height: 36px; width: 100%; max-width: 420px; display: block; margin-top: 4px; }
button { font: inherit; font-weight: 600; min-height: 36px; padding: 6px 16px; border: 1px solid var(--control); border-radius: 6px;
  color: inherit; background: var(--card); cursor: pointer; }
button.main { color: var(--on-main); background: var(--main); border-color: var(--main); }
:focus-visible { outline: 2px solid var(--main); outline-offset: 2px; }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin: 16px 0 0; }
.problem { color: var(--bad); font-weight: 600; }
table { width: 100%; border-collapse: separate; border-spacing: 0; overflow: hidden; background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; font-size: 13px; }
th, td { text-align: left; padding: 10px 12px; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 8px 0 16px; }
nav a[aria-current] { font-weight: 600; color: inherit; }
th { overflow-wrap: normal; background: var(--tint); color: var(--soft); font-size: 12px; line-height: 16px; }
tbody tr:last-child td { border-bottom: 0; }
@media (max-width: 1000px) {
  table, tbody { display: block; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  tr { display: block; padding: 8px 0; border-bottom: 1px solid var(--line); }
  td { display: flex; justify-content: space-between; gap: 16px; border: 0; padding: 4px 12px; }
  tbody tr:last-child { border-bottom: 0; }
  td::before { content: attr(data-label); color: var(--soft); flex: none; }
}
`;

export const styleReply: Reply = {
  status: 200,
  type: 'text/css; charset=utf-8',
  body: css,
  headers: { 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' },
};
