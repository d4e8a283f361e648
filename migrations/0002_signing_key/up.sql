CREATE TABLE signing_key (
    kid TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    private_sealed TEXT NOT NULL,
    public_jwk TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    signs_from BIGINT NOT NULL,
    retired_at BIGINT
);

CREATE INDEX signing_key_provider ON signing_key (provider);
