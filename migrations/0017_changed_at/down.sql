ALTER TABLE client DROP COLUMN changed_at;
