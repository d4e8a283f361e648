ALTER TABLE client ADD COLUMN metadata_consistent BOOLEAN;
