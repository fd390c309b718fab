import { expect, test } from 'vitest';
import { auditCsv } from './csv.ts';

const entry = {
  id: '7',
  spaceId: null,
  at: '2026-11-24T13:30:00.000Z',
  actor: 'user:3',
  actorName: 'Ana',
  action: 'user.roles',
  subject: 'usr_4',
  details: { after: 'a "b", c' },
  address: '192.0.2.1',
};

test('a line per entry, quoted where a cell holds what separates cells', () => {
  const [names, line] = auditCsv([entry]).split('\r\n');
  expect(names).toBe('When,Who,Actor,What,Action,Object,Space,Details,From,Row');
  expect(line).toContain('2026-11-24T13:30:00.000Z,Ana,user:3,Changed roles,user.roles,usr_4,,');
  expect(line).toContain('"{""after"":""a \\""b\\"", c""}"');
});

test('a name that looks like a formula is none to a spreadsheet', () => {
  expect(auditCsv([{ ...entry, actorName: '=HYPERLINK("x")' }])).toContain(`"'=HYPERLINK(""x"")"`);
});
