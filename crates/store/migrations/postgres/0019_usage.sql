-- Usage by key, secret, scope and quarter of an hour, by the minute for two days, and by the day for long.
--
-- `usage_bucket` stays as it is: the calls of each key and hour. Every release writes it, so nodes of before can go on beside new ones,
-- what was counted before the upgrade stays, and a grid of keys reads 24 rows for a day and not 96. Hours older than the
-- quarters are rolled up with them.

-- The calls of a key. `minutes` is the length of a row: 1, 15, or 1440 for a day of the installation's time zone, which is not always
-- that long. `scope` is empty for all calls, whatever they wanted; `secret_id` is zero where the secret is not told apart: in rows of a minute,
-- and in days that were counted before secrets were.
CREATE TABLE usage_key (
    installation_id UUID NOT NULL REFERENCES installation (id),
    -- No foreign key: usage outlives the key.
    key_id UUID NOT NULL,
    minutes SMALLINT NOT NULL CHECK (minutes IN (1, 15, 1440)),
    at BIGINT NOT NULL,
    scope TEXT NOT NULL,
    code TEXT NOT NULL,
    secret_id UUID NOT NULL,
    calls BIGINT NOT NULL CHECK (calls > 0),
    PRIMARY KEY (installation_id, key_id, minutes, at, scope, code, secret_id)
);

-- The same calls of all keys together, so that a page about an installation does not read a row for each of a million keys.
CREATE TABLE usage_total (
    installation_id UUID NOT NULL REFERENCES installation (id),
    minutes SMALLINT NOT NULL CHECK (minutes IN (1, 15, 1440)),
    at BIGINT NOT NULL,
    environment TEXT NOT NULL,
    scope TEXT NOT NULL,
    code TEXT NOT NULL,
    calls BIGINT NOT NULL CHECK (calls > 0),
    PRIMARY KEY (installation_id, minutes, at, environment, scope, code)
);

-- The calls of each client by the hour, for two days, and those of the clients with the most calls by the day. Which clients are
-- first is read from the index. Rows of a client stand together: those of the first few are added up.
CREATE TABLE usage_client (
    installation_id UUID NOT NULL REFERENCES installation (id),
    environment TEXT NOT NULL,
    client_folded TEXT NOT NULL,
    minutes SMALLINT NOT NULL CHECK (minutes IN (60, 1440)),
    at BIGINT NOT NULL,
    scope TEXT NOT NULL,
    client_name TEXT NOT NULL,
    calls BIGINT NOT NULL CHECK (calls > 0),
    refused BIGINT NOT NULL CHECK (refused BETWEEN 0 AND calls),
    PRIMARY KEY (installation_id, environment, client_folded, minutes, at, scope)
);
CREATE INDEX usage_client_first ON usage_client (installation_id, minutes, at, scope, calls);

-- The newest addresses that a key was called from.
CREATE TABLE usage_address (
    installation_id UUID NOT NULL REFERENCES installation (id),
    key_id UUID NOT NULL,
    address TEXT NOT NULL CHECK (length(address) BETWEEN 2 AND 45),
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    allowed BIGINT NOT NULL CHECK (allowed >= 0),
    refused BIGINT NOT NULL CHECK (refused >= 0),
    -- Why the last refused call was refused; empty: none was.
    last_refusal TEXT NOT NULL,
    PRIMARY KEY (installation_id, key_id, address)
);

-- Where the last allowed call came from; empty: nobody knows. It moves with `last_used_at`.
ALTER TABLE api_key ADD COLUMN last_address TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key_secret ADD COLUMN last_address TEXT NOT NULL DEFAULT '';

-- What was counted until now, for all keys together: in the first quarter of its hour. Of keys that were purged nobody knows the environment
-- any more; most keys are live ones.
INSERT INTO usage_total (installation_id, minutes, at, environment, scope, code, calls)
SELECT u.installation_id, 15, u.bucket_start, COALESCE(k.environment, 'live'), '', u.code, SUM(u.calls)
FROM usage_bucket u LEFT JOIN api_key k ON k.id = u.key_id
GROUP BY u.installation_id, u.bucket_start, COALESCE(k.environment, 'live'), u.code;

-- The usage of a client is that of its keys, also of those that were deleted.
CREATE INDEX api_key_deleted_by_name ON api_key (installation_id, client_name_folded, id) WHERE deleted_at IS NOT NULL;
