-- How large each audience was, for the chart of its page: every quarter of an hour, after two days every hour.

-- owner: audiences ----------------------------------------------------------------------------------------------------
create table audience_history (
  space_id    bigint not null,
  audience_id bigint not null,
  at          timestamptz(3) not null,                 -- whole quarters of an hour
  members     bigint not null,
  primary key (space_id, audience_id, at)
);
create index audience_history_by_age on audience_history (at);
