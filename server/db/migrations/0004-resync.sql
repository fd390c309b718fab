-- Counting that costs what is owed and parked (design.md 4.1, Counting), its nightly audit, and the repeating of a target.
-- Counters are kept in 64 slots a thing, by the backend that writes: two micro-batches at once rarely wait for each other
-- (docs/decisions/0013). A number is the sum over its slots; a single slot may be negative.

-- owner: audiences ----------------------------------------------------------------------------------------------------
create table audience_sizes (
  space_id    bigint not null,
  audience_id bigint not null,
  slot        smallint not null,
  members     bigint not null,                         -- present ones
  primary key (space_id, audience_id, slot)
) with (fillfactor = 50);
insert into audience_sizes (space_id, audience_id, slot, members)
select space_id, audience_id, 0, count(*) from audience_members where present group by space_id, audience_id;

-- owner: ledger -------------------------------------------------------------------------------------------------------
-- From here on a reason is there for members only, and for each walked member without a present row, also while the
-- connection is switched off.
delete from skip_reasons s where not exists (
  select 1 from audience_members a
  where a.space_id = s.space_id and a.audience_id = s.audience_id and a.person_id = s.person_id and a.present);
insert into skip_reasons (space_id, destination_id, audience_id, person_id, reason, at)
select c.space_id, c.destination_id, c.audience_id, a.person_id, 'the connection is switched off', c.updated_at
from audience_connections c
join audience_members a on a.space_id = c.space_id and a.audience_id = c.audience_id and a.present
where c.deleted_at is null and not c.enabled and not exists (
  select 1 from targets t
  join memberships m on m.space_id = t.space_id and m.target_id = t.target_id and m.origin_id = c.audience_id
    and m.person_id = a.person_id and m.level = 1
  where t.destination_id = c.destination_id and t.state <> 'gone')
on conflict do nothing;

create table ledger_counts (
  space_id       bigint not null,
  destination_id bigint not null,
  audience_id    bigint not null,
  slot           smallint not null,
  skipped        bigint not null,                      -- rows of skip_reasons
  kept           bigint not null,                      -- people with a kept row
  primary key (space_id, destination_id, audience_id, slot)
) with (fillfactor = 50);
insert into ledger_counts (space_id, destination_id, audience_id, slot, skipped, kept)
select space_id, destination_id, audience_id, 0, sum(skipped), sum(kept)
from (
  select space_id, destination_id, audience_id, count(*) as skipped, 0 as kept from skip_reasons group by 1, 2, 3
  union all
  select t.space_id, t.destination_id, m.origin_id, 0, count(distinct m.person_id)
  from targets t join memberships m on m.space_id = t.space_id and m.target_id = t.target_id
  where m.level = 2 and m.origin_id <> 0 group by 1, 2, 3
) found group by 1, 2, 3;

create table count_audits (                            -- the last full count of an audience at a destination
  space_id       bigint not null,
  destination_id bigint not null,
  audience_id    bigint not null,
  at             timestamptz(3) not null,
  members        bigint not null,                      -- how many more were found than had been maintained; 0: they agree
  skipped        bigint not null,
  kept           bigint not null,
  unexplained    bigint not null,                      -- members with neither row nor reason, or with both
  primary key (space_id, destination_id, audience_id)
);

create table audit_turns (                             -- when an audience was last taken for a full count
  space_id    bigint not null,
  audience_id bigint not null,
  begun_at    timestamptz(3) not null,
  primary key (space_id, audience_id)
);

create table resyncs (                                 -- a target told everything once more (rule 7)
  space_id       bigint not null,
  resync_id      bigint generated always as identity primary key,
  destination_id bigint not null,
  target_id      bigint not null references targets,
  state          text not null check (state in ('running', 'paused', 'done', 'cancelled')),
  reason         text not null,                        -- 'asked', or 'restore': after a restore from a backup
  removed_since  timestamptz(3) not null,              -- removals that TikTok accepted after it are repeated
  until_seq      bigint not null,                      -- rows changed later are live changes with pointers of their own
  total          bigint not null,                      -- rows to repeat when it began
  queued         bigint not null default 0,            -- rows to which a pointer was written
  cursor_origin  bigint not null default -1,           -- rows up to (origin, person) are queued
  cursor_person  bigint not null default 0,
  queued_at      timestamptz(3),                       -- when the last row was queued
  drained_at     timestamptz(3),                       -- when TikTok had been told of the last one
  before_view    jsonb,                                -- TikTok's own view of the audience before the first call, and after the last
  after_view     jsonb,
  started_at     timestamptz(3) not null,
  stepped_at     timestamptz(3),                       -- resyncs take turns
  failures       integer not null default 0,           -- in a row
  rest_until     timestamptz(3),                       -- has to wait, or failed: not before
  finished_at    timestamptz(3)
);
create unique index resyncs_active on resyncs (target_id) where state in ('running', 'paused');
create index resyncs_by_target on resyncs (target_id, resync_id);
