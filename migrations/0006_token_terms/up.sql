ALTER TABLE initial_access_token ADD COLUMN provider TEXT;
ALTER TABLE initial_access_token ADD COLUMN terms TEXT;
ALTER TABLE client ADD COLUMN terms TEXT;
