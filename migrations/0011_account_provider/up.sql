ALTER TABLE account ADD COLUMN provider TEXT;
