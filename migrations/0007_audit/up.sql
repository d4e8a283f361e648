-- Identifiers begin with the time, so no other index is needed to read a span or to purge one.
CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    provider TEXT,
    client_id TEXT,
    account TEXT,
    token TEXT,
    address TEXT,
    request_id TEXT,
    detail TEXT,
    times BIGINT NOT NULL
);
