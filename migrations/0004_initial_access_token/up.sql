CREATE TABLE initial_access_token (
    id TEXT NOT NULL PRIMARY KEY,
    token_digest TEXT NOT NULL UNIQUE,
    label TEXT,
    uses_left BIGINT,
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    owner TEXT
);
