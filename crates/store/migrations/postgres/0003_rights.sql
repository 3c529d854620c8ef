-- What administrators say about keys, rotation and hand-overs.

ALTER TABLE api_key ADD COLUMN owner_email TEXT;
ALTER TABLE api_key ADD COLUMN notes TEXT;

-- While a key rotates it has two secrets; which of them is still in use decides when the old one can end. Up to now each key
-- had one, and what was known of the key is known of that.
ALTER TABLE api_key_secret ADD COLUMN hint TEXT NOT NULL DEFAULT '';
-- 0: never used, as in api_key.
ALTER TABLE api_key_secret ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;
UPDATE api_key_secret SET
    hint = (SELECT hint FROM api_key WHERE api_key.id = api_key_secret.key_id),
    last_used_at = (SELECT last_used_at FROM api_key WHERE api_key.id = api_key_secret.key_id);
-- The newest secret of a key, the one that is shown and rotated, is the one that has no end.
CREATE UNIQUE INDEX api_key_secret_newest ON api_key_secret (key_id) WHERE expires_at IS NULL;
-- So that the job that removes what ended need not look at every secret.
CREATE INDEX api_key_secret_ended ON api_key_secret (expires_at) WHERE expires_at IS NOT NULL;

-- As in the first migration, and with the new columns.
CREATE OR REPLACE FUNCTION api_key_protect_default() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.kind = 'default' THEN
            RAISE EXCEPTION 'default_key_protected';
        END IF;
        RETURN OLD;
    END IF;
    IF (OLD.kind = 'default' OR NEW.kind = 'default') AND (
        OLD.seq, OLD.id, OLD.installation_id, OLD.kind, OLD.client_name, OLD.client_name_folded, OLD.environment, OLD.preset,
        OLD.scopes, OLD.allowed_ips, OLD.allowed_origins, OLD.rate_limit, OLD.quota, OLD.metadata, OLD.owner_email, OLD.notes,
        OLD.disabled_at, OLD.expires_at, OLD.deleted_at, OLD.created_at
    ) IS DISTINCT FROM (
        NEW.seq, NEW.id, NEW.installation_id, NEW.kind, NEW.client_name, NEW.client_name_folded, NEW.environment, NEW.preset,
        NEW.scopes, NEW.allowed_ips, NEW.allowed_origins, NEW.rate_limit, NEW.quota, NEW.metadata, NEW.owner_email, NEW.notes,
        NEW.disabled_at, NEW.expires_at, NEW.deleted_at, NEW.created_at
    ) THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    RETURN NEW;
END $$;

-- Links that hand a secret over, each to be opened once.
CREATE TABLE handover (
    id UUID NOT NULL PRIMARY KEY,
    installation_id UUID NOT NULL REFERENCES installation (id),
    key_id UUID NOT NULL REFERENCES api_key (id),
    -- SHA-256 of the token, so that who reads the table can open nothing.
    token_hash BYTEA NOT NULL CHECK (length(token_hash) = 32),
    -- The secret, under a key made of the master key and the token. Gone as soon as the link is over.
    master_key_id TEXT,
    sealed_secret BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    opened_at BIGINT,
    -- When the key was deleted or rotated before anybody opened the link.
    withdrawn_at BIGINT,
    CONSTRAINT handover_token_unique UNIQUE (token_hash),
    CHECK ((master_key_id IS NULL) = (sealed_secret IS NULL)),
    CHECK (sealed_secret IS NULL OR (opened_at IS NULL AND withdrawn_at IS NULL))
);
CREATE INDEX handover_by_key ON handover (key_id);
