CREATE TABLE client (
    client_id TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    metadata TEXT NOT NULL,
    token_digest TEXT NOT NULL,
    secret_sealed TEXT,
    issued_at BIGINT NOT NULL,
    secret_expires_at BIGINT,
    expires_at BIGINT,
    revision BIGINT NOT NULL,
    owner TEXT,
    composed_name TEXT
);

-- Only names composed with an owner collide, and an ordinary client costs neither index a write.
CREATE UNIQUE INDEX client_composed_name ON client (provider, owner, composed_name) WHERE composed_name IS NOT NULL;
CREATE INDEX client_expires_at ON client (expires_at) WHERE expires_at IS NOT NULL;
