-- The copies of clients in the client tables of authorization servers: what must be there, and what the server confirmed last.
CREATE TABLE provisioning (
    id TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    client_id TEXT,
    handle TEXT,
    token_sealed TEXT,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    synced_revision BIGINT,
    secret_until BIGINT,
    attempts BIGINT NOT NULL,
    due_at BIGINT,
    since BIGINT NOT NULL,
    in_flight BOOLEAN NOT NULL,
    confirmations BIGINT NOT NULL,
    dropped_members TEXT,
    error TEXT
);

-- Both databases let any number of rows without a client identifier stand in it.
CREATE UNIQUE INDEX provisioning_client ON provisioning (client_id, provider);
CREATE INDEX provisioning_due ON provisioning (provider, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE provisioning_target (
    provider TEXT NOT NULL PRIMARY KEY,
    until BIGINT,
    last_at BIGINT,
    last_result TEXT
);
