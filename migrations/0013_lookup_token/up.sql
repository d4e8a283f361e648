CREATE TABLE lookup_token (
    id TEXT NOT NULL PRIMARY KEY,
    token_digest TEXT NOT NULL UNIQUE,
    label TEXT,
    provider TEXT,
    secrets TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT
);

-- The lookup tells a client that ended from one that never was. Only rows about ends are in the index, so a registration pays nothing.
CREATE INDEX audit_client_ended ON audit (client_id) WHERE event IN ('client deleted', 'client unregistered', 'client expired');
