import sql from 'sql-template-tag';
import { openDatabase } from '../../server/db/open-database.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { silentLog } from '../../server/kernel/log.ts';
import { systemRandom } from '../../server/kernel/random.ts';

/**
 * Charts of a shop that was made a minute ago are empty, so the pictures get a month that never was: people who came and
 * left by day and night. Written past the server, while it stands still; the numbers of today stay as they are.
 */
export async function addPast(dataDir: string): Promise<void> {
  const parts = { clock: systemClock, random: systemRandom, log: silentLog };
  const opened = await openDatabase({ url: undefined, dataDir }, parts);
  if (!opened.ok) throw new Error(opened.error);
  const db = opened.value;
  try {
    await db.query(firstSync);
    await db.query(addedAndRemoved);
    await db.query(sizes);
    await db.query(whereTheyWere);
  } finally {
    await db.close();
  }
}

/** The day on which everything was set up lies four weeks back; beside its first sync no other day would be seen. */
const firstSync = sql`
  update delivery_counts set minute = minute - interval '28 days 5 hours' where outcome in ('added', 'removed')`;

/** More by day, less at night and at the weekend; a bad hour eleven days ago. */
const addedAndRemoved = sql`
  insert into delivery_counts (space_id, destination_id, minute, mapping_id, outcome, code, count)
  select m.space_id, m.destination_id, t.minute, case when o.outcome = 'refused' then 0 else m.mapping_id end, o.outcome, o.code,
    greatest(1, round(o.share * (3 + 9 * (0.5 - 0.5 * cos(extract(hour from t.minute) * pi() / 12)) *
      case when extract(isodow from t.minute) > 5 then 0.5 else 1 end + abs(hashtext(t.minute::text || o.outcome)) % 4)))::bigint
  from (select destination_id, space_id, min(mapping_id) as mapping_id from mappings group by 1, 2 order by 1 limit 1) m
  cross join generate_series(date_trunc('hour', now()) - interval '30 days', now() - interval '20 minutes', interval '15 minutes') as t (minute)
  cross join (values ('added', '', 1.0), ('removed', '', 0.4), ('refused', '40002', 0.1)) as o (outcome, code, share)
  where o.outcome <> 'refused' or t.minute between now() - interval '11 days 1 hour' and now() - interval '11 days'`;

const sizes = sql`
  insert into audience_history (space_id, audience_id, at, members)
  select a.space_id, a.audience_id, t.at, (n.members * (0.82 + 0.18 * power(t.share, 1.4)) + abs(hashtext(t.at::text)) % 3)::bigint
  from audiences a
  join (select audience_id, sum(members) as members from audience_sizes group by 1) n using (audience_id)
  cross join (select at, (row_number() over (order by at))::float / count(*) over () as share from generate_series(
    date_trunc('hour', now()) - interval '30 days', date_trunc('hour', now()) - interval '15 minutes', interval '15 minutes') as s (at)) t
  where n.members > 0
  on conflict do nothing`;

const whereTheyWere = sql`
  insert into ledger_history (space_id, destination_id, audience_id, at, on_tiktok, owed, leaving, held)
  select h.space_id, c.destination_id, h.audience_id, h.at, round(h.members * 0.97)::bigint,
    case when extract(hour from h.at) between 9 and 11 then abs(hashtext(h.at::text)) % 30 else 0 end, 0, false
  from audience_history h
  join audience_connections c using (space_id, audience_id)
  where c.destination_id = (select min(destination_id) from destinations)
  on conflict do nothing`;
