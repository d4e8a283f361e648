ALTER TABLE client ADD COLUMN redirect_patterns TEXT;
