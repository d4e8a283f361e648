CREATE TABLE seal_check (
    key_id TEXT NOT NULL PRIMARY KEY,
    sealed TEXT NOT NULL
);
