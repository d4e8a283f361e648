ALTER TABLE client ADD COLUMN last_used_at BIGINT;
