CREATE TABLE upstream_document (
    provider TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT,
    fetched_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
