-- Of the clients of one composed name the first keeps it. The others are known by their client_name, as clients of an owner
-- that their request did not name.
UPDATE client SET composed_name = NULL WHERE EXISTS (
    SELECT 1 FROM client AS first
    WHERE first.provider = client.provider AND first.owner = client.owner AND first.composed_name = client.composed_name
        AND first.client_id < client.client_id
);
CREATE UNIQUE INDEX client_composed_name ON client (provider, owner, composed_name) WHERE composed_name IS NOT NULL;
