CREATE TABLE client_document (
    provider TEXT NOT NULL,
    client_id TEXT NOT NULL,
    metadata TEXT NOT NULL,
    document TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT,
    first_seen_at BIGINT NOT NULL,
    fetched_at BIGINT NOT NULL,
    fresh_until BIGINT NOT NULL,
    failed_since BIGINT,
    failure TEXT,
    changed_at BIGINT NOT NULL,
    changed TEXT,
    revision BIGINT NOT NULL,
    state TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    last_used_at BIGINT,
    metadata_consistent BOOLEAN,
    added_by TEXT,
    PRIMARY KEY (provider, client_id)
);
CREATE INDEX client_document_asked_at ON client_document (provider, asked_at);
