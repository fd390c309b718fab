-- When the number of an audience's members last changed, for lists.

-- owner: audiences ----------------------------------------------------------------------------------------------------
alter table audience_sizes add column changed_at timestamptz(3); -- by the event's own time; null: before this was kept
