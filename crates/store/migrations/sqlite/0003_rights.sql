-- What administrators say about keys, rotation and hand-overs.

ALTER TABLE api_key ADD COLUMN owner_email TEXT;
ALTER TABLE api_key ADD COLUMN notes TEXT;

-- While a key rotates it has two secrets; which of them is still in use decides when the old one can end. Up to now each key
-- had one, and what was known of the key is known of that.
ALTER TABLE api_key_secret ADD COLUMN hint TEXT NOT NULL DEFAULT '';
-- 0: never used, as in api_key.
ALTER TABLE api_key_secret ADD COLUMN last_used_at INTEGER NOT NULL DEFAULT 0;
UPDATE api_key_secret SET
    hint = (SELECT hint FROM api_key WHERE api_key.id = api_key_secret.key_id),
    last_used_at = (SELECT last_used_at FROM api_key WHERE api_key.id = api_key_secret.key_id);
-- The newest secret of a key, the one that is shown and rotated, is the one that has no end.
CREATE UNIQUE INDEX api_key_secret_newest ON api_key_secret (key_id) WHERE expires_at IS NULL;
-- So that the job that removes what ended need not look at every secret.
CREATE INDEX api_key_secret_ended ON api_key_secret (expires_at) WHERE expires_at IS NOT NULL;

-- As in the first migration, and with the new columns.
DROP TRIGGER api_key_default_not_edited;
CREATE TRIGGER api_key_default_not_edited BEFORE UPDATE ON api_key
WHEN (OLD.kind = 'default' OR NEW.kind = 'default') AND (
    OLD.seq IS NOT NEW.seq OR OLD.id IS NOT NEW.id OR OLD.installation_id IS NOT NEW.installation_id OR OLD.kind IS NOT NEW.kind
    OR OLD.client_name IS NOT NEW.client_name OR OLD.client_name_folded IS NOT NEW.client_name_folded
    OR OLD.environment IS NOT NEW.environment OR OLD.preset IS NOT NEW.preset OR OLD.scopes IS NOT NEW.scopes
    OR OLD.allowed_ips IS NOT NEW.allowed_ips OR OLD.allowed_origins IS NOT NEW.allowed_origins
    OR OLD.rate_limit IS NOT NEW.rate_limit OR OLD.quota IS NOT NEW.quota OR OLD.metadata IS NOT NEW.metadata
    OR OLD.owner_email IS NOT NEW.owner_email OR OLD.notes IS NOT NEW.notes
    OR OLD.disabled_at IS NOT NEW.disabled_at OR OLD.expires_at IS NOT NEW.expires_at
    OR OLD.deleted_at IS NOT NEW.deleted_at OR OLD.created_at IS NOT NEW.created_at)
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;

-- Links that hand a secret over, each to be opened once.
CREATE TABLE handover (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    installation_id BLOB NOT NULL REFERENCES installation (id),
    key_id BLOB NOT NULL REFERENCES api_key (id),
    -- SHA-256 of the token, so that who reads the table can open nothing.
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
    -- The secret, under a key made of the master key and the token. Gone as soon as the link is over.
    master_key_id TEXT,
    sealed_secret BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    opened_at INTEGER,
    -- When the key was deleted or rotated before anybody opened the link.
    withdrawn_at INTEGER,
    CONSTRAINT handover_token_unique UNIQUE (token_hash),
    CHECK ((master_key_id IS NULL) = (sealed_secret IS NULL)),
    CHECK (sealed_secret IS NULL OR (opened_at IS NULL AND withdrawn_at IS NULL))
) STRICT;
CREATE INDEX handover_by_key ON handover (key_id);
