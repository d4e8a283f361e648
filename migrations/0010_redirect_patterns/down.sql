ALTER TABLE client DROP COLUMN redirect_patterns;
