ALTER TABLE client DROP COLUMN metadata_consistent;
