ALTER TABLE client DROP COLUMN last_used_at;
