-- A call's row keeps the targets it is about. Its pointers (lanes, seqs, origins, people) were written with every call and never read:
-- 6 of the 9 ms that the row of a call of 1,000 people cost on the embedded engine.

-- owner: delivery -----------------------------------------------------------------------------------------------------
alter table requests rename column pointer_targets to targets;
update requests set targets = array(select distinct t from unnest(targets) t order by t) where cardinality(targets) > 1;
alter table requests
  drop column pointer_lanes,
  drop column pointer_seqs,
  drop column pointer_origins,
  drop column pointer_persons;
