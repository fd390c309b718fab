-- People: who signs in, what they may do, and a log of changes that shows when it was tampered with.

-- owner: auth ---------------------------------------------------------------------------------------------------------
create table users (
  user_id        bigint generated always as identity primary key,
  email          text not null,                        -- as typed; compared in lower case
  name           text not null,
  password_hash  text not null,                        -- argon2id, PHC string
  totp_secret    bytea,                                -- sealed; asked for at sign-in once totp_since is set
  totp_since     timestamptz(3),
  totp_last_step bigint not null default 0,            -- a code works once (T8)
  preferences    jsonb not null default '{}',          -- what the pages remember: appearance, time zone, ...
  created_at     timestamptz(3) not null,
  seen_at        timestamptz(3),
  removed_at     timestamptz(3)
);
create unique index users_by_email on users (lower(email)) where removed_at is null;

create table user_roles (                              -- as api_tokens: space_id null is every space, and what belongs to none
  user_id  bigint not null references users,
  space_id bigint references spaces,
  role     text not null check (role in ('owner', 'editor', 'viewer')),
  unique nulls not distinct (user_id, space_id)
);

create table recovery_codes (                          -- instead of the second step, once each
  user_id   bigint not null references users,
  code_hash bytea not null,                            -- sha256 of 80 random bits
  used_at   timestamptz(3),
  primary key (user_id, code_hash)
);

create table sessions (
  session_id   bigint generated always as identity primary key,
  user_id      bigint not null references users,
  token_hash   bytea not null unique,                  -- sha256 of the cookie's 256 random bits
  via          text not null check (via in ('password', 'link')),
  created_at   timestamptz(3) not null,
  seen_at      timestamptz(3) not null,
  confirmed_at timestamptz(3) not null,                -- when the password was typed last
  expires_at   timestamptz(3) not null,                -- whatever is done with it
  address      text not null,
  user_agent   text not null,
  ended_at     timestamptz(3)
);
create index sessions_by_user on sessions (user_id) where ended_at is null;
create index sessions_by_age on sessions (expires_at);

create table one_time_links (
  link_id    bigint generated always as identity primary key,
  kind       text not null check (kind in ('setup', 'sign-in', 'invitation')),
  token_hash bytea not null unique,
  user_id    bigint references users,                  -- whom a sign-in link signs in
  roles      jsonb not null default '[]',              -- what an invitation gives: [{"spaceId", "role"}]
  note       text not null default '',                 -- for whom an invitation is, as its maker called them
  made_by    text not null,                            -- actor, as in audit_log
  created_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  used_at    timestamptz(3),
  revoked_at timestamptz(3)
);

create table sign_in_tries (                           -- T7; bucket: sha256 of an account's e-mail, or of an address
  bucket  bytea primary key,
  tries   integer not null,
  ends_at timestamptz(3) not null
);

alter table api_tokens add column expires_at timestamptz(3);

-- T19: each row's hash covers the row and the hash before it, so a row that is changed, put in or taken out shows.
-- Rows from before this migration have none and are not covered.
alter table audit_log add column address text not null default '';
alter table audit_log add column hash bytea;

create table audit_heads (                             -- the newest hash and the length of each chain; locks it as well
  chain bigint primary key,                            -- space_id; 0: what belongs to no space
  hash  bytea not null,
  rows  bigint not null
);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is only ever added to';
end $$;
create trigger audit_log_is_append_only before update or delete on audit_log
  for each row execute function refuse_audit_change();
