-- What a connection, a destination or a mapping leaves at TikTok when it goes is kept or removed in the background, in chunks
-- like walks (docs/rules.md, rule 12), however many rows there are.

-- owner: ledger -------------------------------------------------------------------------------------------------------
create table releases (                                -- rows whose producer went and that nobody has come to yet
  space_id       bigint not null,
  release_id     bigint generated always as identity primary key,
  destination_id bigint not null,
  mapping_id     bigint,                               -- of which rows; null: of any
  origin_id      bigint,
  target_id      bigint,
  only_kept      boolean not null,
  people         text not null check (people in ('keep', 'remove')),
  before_seq     bigint not null,                      -- rows whose last change is older; newer ones are somebody else's
  cursor_target  bigint not null default 0,            -- rows up to (target, origin, person) are decided
  cursor_origin  bigint not null default -1,
  cursor_person  bigint not null default 0,
  started_at     timestamptz(3) not null,
  stepped_at     timestamptz(3),                       -- of the last chunk: releases take turns
  failures       integer not null default 0,           -- in a row
  retry_at       timestamptz(3)                        -- after a failure: not before
);
create index releases_by_destination on releases (destination_id);
