-- Changed objects (docs/rules.md, rule 12): what becomes of the people at targets that a change leaves without a producer.

-- owner: ledger -------------------------------------------------------------------------------------------------------
alter table walks
  add column keep_at   bigint[] not null default '{}', -- targets that a change may have left: who nothing makes there any more stays
  add column remove_at bigint[] not null default '{}'; -- and where such people go. Both until the walk is through
