import type { Patch } from '../support/patches.ts';

/**
 * The rules that the simulation can do without, to show that it notices. Product code knows nothing of this: a rule is
 * taken out by replacing one piece of one source file as it is loaded (support/patched-sources-hooks.mjs). rules.test.ts sees to it that each
 * piece is still there, once.
 */
export interface Rule extends Patch {
  readonly rule: string;
  /** What is lost, with its number in docs/rules.md. */
  readonly what: string;
  /** Where transactions have to overlap for it to show. */
  readonly engine?: 'pg';
}

export const rules: readonly Rule[] = [
  {
    rule: 'person lock',
    what: 'Rule 3: a person is locked before anything of them is read, so their changes happen one after another.',
    file: 'server/profiles/people.sql.ts',
    find: 'sql`for no key update`',
    replace: 'empty',
    engine: 'pg',
  },
  {
    rule: 'exit order',
    what: 'Rule 1: an enter that is older than the last exit changes nothing.',
    file: 'server/audiences/member.ts',
    find: '  if (member.exited && compareStamps(stamp, member.exited) < 0) return { ...member, late: member.late + 1 };\n',
    replace: '',
  },
  {
    rule: 'late exits',
    what: 'Rule 1: an exit older than the newest enter still ends the records older than itself.',
    file: 'server/audiences/member.ts',
    find: '  const records = member.records.filter((r) => compareStamps(r.stamp, stamp) > 0);',
    replace:
      '  const records = member.entered !== null && compareStamps(member.entered, stamp) > 0 ? member.records : [];',
  },
  {
    rule: 'public sources',
    what: 'Rule 4: whoever has a public write key puts nobody into an audience that belongs to a key.',
    file: 'server/ledger/level-members.ts',
    find: 'const usable = mayCarryMembership(event.received.sourceKind) ? mappings : mappings.filter((one) => !one.keyed);',
    replace: 'const usable = mappings;',
  },
  {
    rule: 'origins',
    what: 'Rule 5: what one audience says concerns the rows that this audience holds, not those of another one.',
    file: 'server/ledger/level.ts',
    find: '      if (row.destinationId !== wish.destinationId || row.originId !== wish.originId) continue;',
    replace: '      if (row.destinationId !== wish.destinationId) continue;',
  },
  {
    rule: 'direct exits',
    what: 'Rule 5: an enter of any origin counts only if it is newer than the person’s direct removal.',
    file: 'server/ledger/level.ts',
    find: '      if (exit && compare(placed.stamp, exit.stamp) <= 0) continue;\n',
    replace: '',
  },
  {
    rule: 'claims',
    what: 'Rule 9: no two calls in flight touch one (target, type, hash).',
    file: 'server/delivery/claims.ts',
    find: '      if (keys.some((key) => held.has(key))) return false;\n',
    replace: '',
  },
  {
    rule: 'hash exclusion',
    what: 'Rule 10: a hash that anybody still holds is left out of a removal.',
    file: 'server/delivery/send.ts',
    find: '  const held = await owed.heldHashes(tx, run.spaceId, all);',
    replace: '  const held = new Set<number>();',
  },
  {
    rule: 'probe after claim',
    what: 'Rule 10: who holds a hash is asked at sending, after the claim, and never when the change is made.',
    file: 'server/ledger/apply.ts',
    find: `  await insertRows(
    tx,
    written.filter((row) => row.isNew),
  );`,
    replace: `  for (const [i, row] of written.entries()) {
    if (row.level !== 0) continue;
    const held = await tx.query({
      text: \`select 1 from memberships m where m.space_id = $1 and m.target_id = $2 and m.level = 1
        and (m.person_id <> $3 or m.origin_id <> $4) and (m.email = $5 or m.phone = $6) limit 1\`,
      values: [row.spaceId, row.targetId, row.personId, row.originId, row.hashes[0], row.hashes[1]],
    } as never);
    if (held.length > 0) written[i] = { ...row, level: 2 };
  }
  await insertRows(
    tx,
    written.filter((row) => row.isNew),
  );`,
  },
  {
    rule: 'exact settle',
    what: 'Rule 11: settling deletes exactly the pointers that were read, never a range of seqs.',
    file: 'server/ledger/owed.sql.ts',
    find: `c.lane = p.lane and c.seq = p.seq
          and c.origin_id = p.origin_id and c.person_id = p.person_id offset 0`,
    replace: 'c.lane = p.lane and c.seq <= p.seq offset 0',
  },
  {
    rule: 'doubts',
    what: 'Rule 11: every hash of a call of unknown outcome is asserted once more after W.',
    file: 'server/ledger/owed.sql.ts',
    find: `  notBefore: Date,
): Promise<void> {
  if (hashes.length === 0) return;`,
    replace: `  notBefore: Date,
): Promise<void> {
  if (hashes.length >= 0) return;`,
  },
  {
    rule: 'doubts by hash',
    what: 'Rule 11: a doubt asserts the level of the hash (does anybody hold it?), not that of the row that was told.',
    file: 'server/delivery/doubts.ts',
    find: "  const held = await owed.heldHashes(tx, run.spaceId, doubts, 'present or kept');",
    replace: `  const held = new Set<number>();
  for (const [i, doubt] of doubts.entries()) {
    const [last] = await tx.query({
      text: \`select m.level from memberships m where m.space_id = $1 and m.target_id = $2
        and \${doubt.type === 0 ? 'm.email' : 'm.phone'} = $3 order by m.seq desc limit 1\`,
      values: [run.spaceId, doubt.targetId, doubt.hash],
    } as never);
    if (last?.['level'] === 1 || last?.['level'] === 2) held.add(i);
  }`,
  },
  {
    rule: 'recovery by a new lease holder',
    what: 'Rule 11: a new holder of the lease first turns what its predecessor left open into doubts.',
    file: 'server/delivery/doubts.ts',
    find: '    for (const request of await openRequests(tx, run.destinationId, run.fence)) {',
    replace: '    for (const request of [] as Awaited<ReturnType<typeof openRequests>>) {',
  },
  {
    rule: 'target identity',
    what: 'Rule 12: two targets of one destination that turn out to be one TikTok audience become one.',
    file: 'server/destinations/targets.ts',
    find: '  if (feeding && feeding.destination_id === target.destinationId) {',
    replace: '  if (feeding && feeding.destination_id === target.destinationId && false) {',
  },
  {
    rule: 'merge',
    what: 'Rule 13: when two people turn out to be one, the rows of both belong to that one.',
    file: 'server/pipeline.ts',
    find: '    const movedRows = await mergePeople(tx, { spaceId, winner, loser });',
    replace: '    const movedRows = false;',
  },
];
