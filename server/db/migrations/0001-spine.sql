-- The spine: everything from a Segment event to a settled call. Owners are the folders of design.md section 4; only an
-- owner writes its tables (test/architecture.test.ts). Order stamps ("_us") are microseconds since 1970 as bigint:
-- Engage writes nanoseconds, a Date holds milliseconds, and two changes of one person may lie within one.

-- owner: db -----------------------------------------------------------------------------------------------------------
create table heartbeat (                               -- readiness is a write that succeeds, not a read (reliability.md 5)
  only_row boolean primary key default true check (only_row),
  at       timestamptz(3) not null
);

-- owner: auth ---------------------------------------------------------------------------------------------------------
create table spaces (
  space_id   bigint generated always as identity primary key,
  slug       text not null unique,
  name       text not null,
  created_at timestamptz(3) not null
);

create table api_tokens (
  token_id     bigint generated always as identity primary key,
  space_id     bigint references spaces,               -- null: all spaces
  name         text not null,
  role         text not null check (role in ('owner', 'editor', 'viewer')),
  token_hash   bytea not null unique,                  -- sha256 of the token, which is shown once
  created_at   timestamptz(3) not null,
  last_used_at timestamptz(3),
  revoked_at   timestamptz(3)
);

create table audit_log (
  entry_id bigint generated always as identity primary key,
  space_id bigint,
  at       timestamptz(3) not null,
  actor    text not null,                              -- 'token:12', 'user:3', 'system'
  action   text not null,                              -- 'destination.create', ...
  subject  text not null,                              -- 'dst_12'
  details  jsonb not null default '{}'                 -- names of changed fields, never values of secrets
);
create index audit_log_by_space on audit_log (space_id, entry_id);

create table instance_settings (                       -- one row per thing the whole installation must agree on
  name  text primary key,                              -- 'key_id': fingerprint of USHER_SECRET_KEY
  value text not null
);

-- owner: ingest -------------------------------------------------------------------------------------------------------
create table sources (
  space_id   bigint not null references spaces,
  source_id  bigint generated always as identity primary key,
  slug       text not null,
  name       text not null,
  kind       text not null check (kind in ('server', 'webhook', 'website', 'mobile')),
  enabled    boolean not null default true,
  webhook_secret bytea,                                -- sealed
  created_at timestamptz(3) not null,
  deleted_at timestamptz(3)
);
create unique index sources_by_slug on sources (space_id, slug) where deleted_at is null;

create table write_keys (
  space_id   bigint not null,
  source_id  bigint not null references sources,
  key_id     bigint generated always as identity primary key,
  key_hash   bytea not null unique,
  prefix     text not null,                            -- first 4 characters, so that people can tell keys apart
  sealed     bytea,                                    -- public keys only (website, mobile): snippets show them
  created_at timestamptz(3) not null,
  revoked_at timestamptz(3)
);

create table events (                                  -- the dedupe record; computed audiences will add what they need
  space_id     bigint not null,
  message_hash bytea not null,                         -- first 16 bytes of sha256(messageId)
  received_at  timestamptz(3) not null,
  primary key (space_id, message_hash)
);
create index events_by_age on events using brin (received_at);

create table ingest_counts (
  space_id  bigint not null,                           -- 0: nobody's, an unknown write key
  source_id bigint not null,
  minute    timestamptz(3) not null,
  outcome   text not null,                             -- 'received', 'duplicate', 'failed', 'ignored'
  reason    text not null,                             -- segment-spec.md 1.4, or '' where there is none
  count     bigint not null,
  primary key (space_id, source_id, minute, outcome, reason)
);

create table ingest_samples (                          -- the last few events that failed on ingest, values masked
  space_id  bigint not null,
  source_id bigint not null,
  reason    text not null,
  slot      smallint not null,                         -- 0..9, overwritten in turn
  at        timestamptz(3) not null,
  sample    jsonb not null,
  primary key (space_id, source_id, reason, slot)
);

-- owner: profiles -----------------------------------------------------------------------------------------------------
create sequence person_ids;

create table profiles (
  space_id    bigint not null,
  person_id   bigint not null,
  traits      jsonb not null default '{}',
  merged_into bigint,                                  -- a forwarding row (rule 13)
  merges      integer not null default 0,
  created_at  timestamptz(3) not null,
  updated_at  timestamptz(3) not null,
  primary key (space_id, person_id)
) with (fillfactor = 85);

create table profile_identifiers (
  space_id   bigint not null,
  type       text not null,
  value      text not null,
  person_id  bigint not null,
  created_at timestamptz(3) not null,
  primary key (space_id, type, value)
);
create index profile_identifiers_by_person on profile_identifiers (space_id, person_id);

-- owner: audiences ----------------------------------------------------------------------------------------------------
create table audiences (
  space_id       bigint not null references spaces,
  audience_id    bigint generated always as identity primary key,
  kind           text not null check (kind in ('external', 'computed', 'list')),
  key            text not null,                        -- immutable, never reused: deleted rows stay
  computation_id text,                                 -- Segment's aud_…, once an event has said it
  name           text not null,
  description    text not null default '',
  definition     jsonb,
  status         text not null default 'live',
  created_at     timestamptz(3) not null,
  updated_at     timestamptz(3) not null,
  deleted_at     timestamptz(3),
  unique (space_id, key)
);

create table audience_members (                        -- everyone ever seen; the stamps stay after the exit (rule 1)
  space_id         bigint not null,
  audience_id      bigint not null,
  person_id        bigint not null,
  present          boolean not null,
  entered_us       bigint,                             -- order stamp of the last enter: time, original time, arrival
  entered_original_us bigint,
  entered_arrival  bigint,
  exited_us        bigint,
  exited_original_us  bigint,
  exited_arrival   bigint,
  late             integer not null default 0,         -- events that changed nothing because a newer one was known
  records          jsonb not null default '[]',        -- rule 2: one per set of identifier values, at most 32
  records_lost     integer not null default 0,
  primary key (space_id, audience_id, person_id)
) with (fillfactor = 85);
create index audience_members_by_person on audience_members (space_id, person_id);

create table audience_connections (
  space_id       bigint not null,
  audience_id    bigint not null references audiences,
  destination_id bigint not null,
  enabled        boolean not null default true,
  send_track     boolean not null default true,
  send_identify  boolean not null default false,
  entered_event  text not null default 'Audience Entered',
  exited_event   text not null default 'Audience Exited',
  settings       jsonb not null default '{}',          -- advertiserId, audienceId, audienceName
  created_at     timestamptz(3) not null,
  updated_at     timestamptz(3) not null,
  deleted_at     timestamptz(3),
  primary key (space_id, audience_id, destination_id)
);

-- owner: destinations -------------------------------------------------------------------------------------------------
create table destinations (
  space_id       bigint not null references spaces,
  destination_id bigint generated always as identity primary key,
  source_id      bigint,                               -- null: the space's own output (Engage)
  metadata_id    text not null,                        -- 'actions-tiktok-audiences'
  name           text not null,
  enabled        boolean not null default false,
  settings       jsonb not null default '{}',
  access_token   bytea,                                -- sealed
  advertiser_ids text[] not null default '{}',
  scopes         integer[] not null default '{}',
  connected_at   timestamptz(3),
  paused_reason  text,                                 -- null: not paused; else a sentence (I8)
  paused_code    integer,
  paused_at      timestamptz(3),
  created_at     timestamptz(3) not null,
  updated_at     timestamptz(3) not null,
  deleted_at     timestamptz(3)
);
create index destinations_by_space on destinations (space_id);

create table oauth_states (
  state_hash     bytea primary key,
  space_id       bigint not null,
  destination_id bigint not null,
  owner          text not null,                        -- who asked: 'token:12', 'user:3'
  return_to      text not null,
  expires_at     timestamptz(3) not null,
  used_at        timestamptz(3)
);

create table mappings (
  space_id       bigint not null,
  destination_id bigint not null references destinations,
  mapping_id     bigint generated always as identity primary key,
  name           text not null,
  action_slug    text not null,
  trigger        text not null,
  settings       jsonb not null,                       -- mapping-kit object
  enabled        boolean not null default false,
  created_at     timestamptz(3) not null,
  updated_at     timestamptz(3) not null,
  deleted_at     timestamptz(3)
);
create index mappings_by_destination on mappings (space_id, destination_id) where deleted_at is null;

create table targets (                                 -- rule 12: a target is one real TikTok audience
  space_id       bigint not null,
  target_id      bigint generated always as identity primary key,
  destination_id bigint not null references destinations,
  advertiser_id  text not null,
  named          text,                                 -- the name it was asked for by, or null when asked for by id
  tiktok_id      text,                                 -- TikTok's audience id; never changes once set
  state          text not null check (state in ('unresolved', 'ready', 'blocked', 'leaving', 'gone')),
  reason         text,                                 -- why it is blocked
  choices        jsonb,                                -- audiences of the same name to choose from
  made_by_us_at  timestamptz(3),                       -- when Usher created the audience: its first 5 minutes are lenient
  seen           jsonb,                                -- TikTok's own view: size, valid, expiring, expires, read at
  created_at     timestamptz(3) not null,
  updated_at     timestamptz(3) not null,
  check (named is not null or tiktok_id is not null)
);
create index targets_by_destination on targets (destination_id);
create unique index targets_by_name on targets (space_id, destination_id, advertiser_id, named) where named is not null and state <> 'gone';
create unique index targets_by_tiktok_id on targets (advertiser_id, tiktok_id) where tiktok_id is not null and state not in ('gone', 'blocked');

-- owner: ledger -------------------------------------------------------------------------------------------------------
create table skip_reasons (                            -- why a member has no present row
  space_id       bigint not null,
  destination_id bigint not null,
  audience_id    bigint not null,
  person_id      bigint not null,
  reason         text not null,
  at             timestamptz(3) not null,
  primary key (space_id, destination_id, audience_id, person_id)
);

create sequence change_seq;                            -- also the arrival numbers of rule 1

create table memberships (                             -- the desired level
  space_id   bigint not null,
  target_id  bigint not null,
  origin_id  bigint not null,                          -- the audience that holds the person there; 0: direct events
  person_id  bigint not null,
  variant    bytea not null,                           -- 8 bytes hashed from the identifiers
  level      smallint not null,                        -- 0 absent, 1 present, 2 kept
  normaliser smallint not null,
  seq        bigint not null,                          -- of its last change (rule 7)
  entered_us bigint not null,                          -- order stamp of the enter that made it (rules 1, 5)
  entered_original_us bigint not null,
  entered_arrival bigint not null,
  mapping_id bigint not null,                          -- what made it, for the charts
  settled_at timestamptz(3),                           -- of an absent row: swept 30 days later
  email      bytea,
  phone      bytea,
  idfa       bytea,
  aaid       bytea,
  primary key (space_id, target_id, origin_id, person_id, variant)
) with (fillfactor = 85);
-- Rule 10 asks who else holds a hash. Hash indexes: half the price of btrees, and exits keep their HOT updates (design.md 4.2).
create index memberships_by_email on memberships using hash (email);
create index memberships_by_phone on memberships using hash (phone);
create index memberships_by_idfa on memberships using hash (idfa);
create index memberships_by_aaid on memberships using hash (aaid);
create index memberships_by_person on memberships (space_id, person_id);
-- For sweeping: without it every sweep reads the whole table. It costs settled exits, and only them, their HOT update.
create index memberships_settled on memberships (settled_at) where settled_at is not null;

create table direct_exits (
  space_id    bigint not null,
  target_id   bigint not null,
  person_id   bigint not null,
  at_us       bigint not null,
  original_us bigint not null,
  arrival     bigint not null,
  primary key (space_id, target_id, person_id)
);
create index direct_exits_by_person on direct_exits (space_id, person_id);

create table changes (                                 -- what is owed: pointers without data
  space_id  bigint not null,
  target_id bigint not null,
  lane      smallint not null,                         -- 0 live, 1 backfill
  seq       bigint not null,
  origin_id bigint not null,
  person_id bigint not null,
  primary key (space_id, target_id, lane, seq, origin_id, person_id)
) with (autovacuum_vacuum_scale_factor = 0.02);

create table doubts (                                  -- hashes of calls whose outcome is unknown
  space_id   bigint not null,
  target_id  bigint not null,
  type       smallint not null,                        -- 0 email, 1 phone, 2 idfa, 3 aaid
  hash       bytea not null,
  not_before timestamptz(3) not null,
  primary key (space_id, target_id, type, hash)
);
create index doubts_due on doubts (space_id, target_id, not_before);

create table walks (                                   -- rule 6: initial sync and re-apply, one per connection
  space_id       bigint not null,
  audience_id    bigint not null,
  destination_id bigint not null,
  reason         text not null,                        -- 'connected', 'mapping', 'settings', 'same audience'
  cursor_person  bigint not null default 0,            -- members up to this person have been walked
  walked         bigint not null default 0,
  total          bigint not null,
  started_at     timestamptz(3) not null,
  stepped_at     timestamptz(3),                       -- of the last chunk: walks take turns
  failures       integer not null default 0,           -- in a row
  retry_at       timestamptz(3),                       -- after a failure: not before
  finished_at    timestamptz(3),
  primary key (space_id, audience_id, destination_id)
);

-- owner: delivery -----------------------------------------------------------------------------------------------------
create table requests (                                -- one row per call, committed before the call (rule 11)
  space_id       bigint not null,
  destination_id bigint not null,
  request_no     bigint generated always as identity primary key,
  fence          bigint not null,
  kind           text not null,                        -- 'add', 'delete', 'create', 'list', 'get', 'token'
  advertiser_id  text,
  rows           integer not null default 0,
  pointer_targets bigint[] not null default '{}',
  pointer_lanes  smallint[] not null default '{}',
  pointer_seqs   bigint[] not null default '{}',
  pointer_origins bigint[] not null default '{}',
  pointer_persons bigint[] not null default '{}',
  payload        bytea,                                -- the hashes told, in delivery/payload.ts's compact form
  started_at     timestamptz(3) not null,
  finished_at    timestamptz(3),
  outcome        text,                                 -- null: still open
  http_status    integer,
  code           integer,
  message        text,
  tiktok_request_id text,
  duration_ms    integer
);
create index requests_by_destination on requests (space_id, destination_id, request_no);
create index requests_open on requests (destination_id) where finished_at is null;
create index requests_by_age on requests (finished_at);
create index requests_of_creation on requests (destination_id, request_no) where kind = 'create';

create table leases (
  space_id       bigint not null,
  destination_id bigint primary key,
  fence          bigint not null,
  holder         text not null,
  valid_until    timestamptz(3) not null
);

create table nodes (                                   -- who shares the app's call budget
  node_id text primary key,
  seen_at timestamptz(3) not null
);

create table parked (                                  -- rows TikTok refuses on their own
  space_id   bigint not null,
  target_id  bigint not null,
  origin_id  bigint not null,
  person_id  bigint not null,
  variant    bytea not null,
  seq        bigint not null,
  action     text not null,
  code       integer not null,
  message    text not null,
  tiktok_request_id text,
  at         timestamptz(3) not null,
  primary key (space_id, target_id, origin_id, person_id, variant)
);

create table delivery_counts (
  space_id       bigint not null,
  destination_id bigint not null,
  minute         timestamptz(3) not null,
  mapping_id     bigint not null,                      -- 0: none
  outcome        text not null,                        -- 'added', 'removed', 'parked', 'filtered', 'skipped', 'throttled', ...
  code           text not null,                        -- TikTok's code, or the reason
  count          bigint not null,
  primary key (space_id, destination_id, minute, mapping_id, outcome, code)
);
create index delivery_counts_by_age on delivery_counts (minute);
