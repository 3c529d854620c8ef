-- What all keys of a client, or of the installation, may do together. A client is the keys of one folded Client Name and environment;
-- the installation's own ceiling has neither. One that was taken away stays as a row with empty lists: a node that reads what has
-- changed since an epoch reads that, too, and its version goes on.
CREATE TABLE ceiling (
    installation_id UUID NOT NULL REFERENCES installation (id),
    -- As `model::fold_name` writes it.
    client_fold TEXT COLLATE "C" NOT NULL,
    environment TEXT NOT NULL CHECK (environment IN ('', 'live', 'test')),
    -- As it was typed, for people.
    client_name TEXT NOT NULL,
    -- Canonical JSON text, as of a key.
    rate_limits TEXT NOT NULL
        CHECK (jsonb_typeof(rate_limits::jsonb) = 'array' AND jsonb_array_length(rate_limits::jsonb) <= 5),
    quotas TEXT NOT NULL CHECK (jsonb_typeof(quotas::jsonb) = 'array' AND jsonb_array_length(quotas::jsonb) <= 3),
    version BIGINT NOT NULL CHECK (version >= 1),
    updated_at BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    PRIMARY KEY (installation_id, client_fold, environment),
    CHECK ((client_fold = '') = (environment = '') AND (client_name = '') = (client_fold = ''))
);

CREATE INDEX ceiling_by_epoch ON ceiling (epoch);

-- Clients are listed by going from one name to the next in this index, and their keys are counted in it: no row is read.
CREATE INDEX api_key_by_client ON api_key (installation_id, client_name_folded, environment)
    WHERE kind = 'issued' AND deleted_at IS NULL;
