ALTER TABLE account DROP COLUMN provider;
