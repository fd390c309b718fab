-- What becomes of targets (rule 12): audiences deleted at TikTok and made again, targets that nothing feeds any more, and
-- TikTok's own view of each of them.

-- owner: destinations -------------------------------------------------------------------------------------------------
alter table targets
  add column problem       text,                       -- of a blocked one: what kind of reason it is (targets.sql.ts)
  add column replaced_by   bigint references targets,  -- of a gone one: the target that its people go to
  add column create_once   boolean not null default false, -- somebody asked for the audience to be made, whatever the setting
  add column leaving_since timestamptz(3),             -- since then nothing makes rows for it
  add column looked_at     timestamptz(3),             -- when TikTok's view of it was last read
  add column asked_at      timestamptz(3);             -- when somebody last asked for that; at most once a minute
create index targets_replaced on targets (replaced_by) where replaced_by is not null;

-- Known by their sentences; the next look finds out about the others.
update targets set problem = case
    when choices is not null then 'several'
    when reason like 'the same TikTok audience as%' then 'same'
    when reason like '%fed by another destination%' then 'fed-elsewhere'
    when reason like 'TikTok no longer has this audience%' then 'gone'
    when reason like 'no permission for ad account%' then 'forbidden'
    else 'refused' end
  where state = 'blocked';
update targets set leaving_since = updated_at where state = 'leaving';
update targets set looked_at = updated_at where tiktok_id is not null;
