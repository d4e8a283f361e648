ALTER TABLE client DROP COLUMN terms;
ALTER TABLE initial_access_token DROP COLUMN terms;
ALTER TABLE initial_access_token DROP COLUMN provider;
