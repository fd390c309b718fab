-- Where the members of each connected audience were, for the charts: every five minutes, after two days every hour.

-- owner: ledger -------------------------------------------------------------------------------------------------------
create table ledger_history (
  space_id       bigint not null,
  destination_id bigint not null,
  audience_id    bigint not null,
  at             timestamptz(3) not null,              -- whole five minutes
  on_tiktok      bigint not null,
  owed           bigint not null,
  leaving        bigint not null,
  held           boolean not null,                     -- nothing could be sent: off, paused or disconnected
  primary key (space_id, destination_id, audience_id, at)
);
create index ledger_history_by_age on ledger_history (at);
