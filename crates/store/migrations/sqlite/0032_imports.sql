-- Keys that another system issued: the imports by which they came, and what is known of their secrets. Tables of their own for the
-- latter, so that what protects the secret of the Default API Key stays as it is.

-- An import. Until it is live its keys are of use to nobody: whatever reads keys leaves out those of an import that is not. So many of
-- them come in by one row that changes.
CREATE TABLE key_import (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    installation_id BLOB NOT NULL REFERENCES installation (id),
    -- As the audit log names them.
    actor TEXT NOT NULL,
    -- 'ready': it waits for somebody to confirm it. 'abandoned': its keys are being removed.
    state TEXT NOT NULL CHECK (state IN ('staging', 'ready', 'live', 'abandoned')),
    -- Moves while somebody is at work on it. Whoever watches it compares it with what it was, and no clocks.
    beats INTEGER NOT NULL DEFAULT 0,
    -- What became of its rows, for whoever confirms it: JSON, without any key.
    report TEXT CHECK (length(report) BETWEEN 2 AND 1000000),
    begun_at INTEGER NOT NULL,
    live_at INTEGER,
    -- Of the change that made it live.
    epoch INTEGER,
    CHECK ((state = 'live') = (live_at IS NOT NULL) AND (live_at IS NULL) = (epoch IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX key_import_not_live ON key_import (installation_id) WHERE state <> 'live';
CREATE INDEX key_import_by_epoch ON key_import (epoch) WHERE epoch IS NOT NULL;

-- With which import a key came; NULL: Keydesk issued it.
ALTER TABLE api_key ADD COLUMN import_id BLOB REFERENCES key_import (id);
CREATE INDEX api_key_by_import ON api_key (import_id) WHERE import_id IS NOT NULL;

-- What else is known of a secret that was imported.
CREATE TABLE imported_secret (
    secret_id BLOB NOT NULL PRIMARY KEY REFERENCES api_key_secret (id) ON DELETE CASCADE,
    -- By what it is known until it is used for the first time; NULL: by itself.
    known_by TEXT CHECK (known_by IN ('sha256', 'sha512', 'slow')),
    -- The slow hash, and how the key begins of which it is. Both go with the first use.
    prefix TEXT CHECK (length(prefix) BETWEEN 1 AND 64),
    hash TEXT CHECK (length(hash) BETWEEN 1 AND 512),
    -- HMACs of its unsalted hashes under its pepper, as far as they are known: so the same key is known again when it is imported once
    -- more, in whichever form. And SHA-256 of a slow hash, which has a salt.
    sha256_digest BLOB CHECK (length(sha256_digest) = 32),
    sha512_digest BLOB CHECK (length(sha512_digest) = 32),
    slow_digest BLOB CHECK (length(slow_digest) = 32),
    CHECK ((hash IS NULL) = (prefix IS NULL) AND (hash IS NOT NULL) = (COALESCE(known_by, '') = 'slow'))
) STRICT, WITHOUT ROWID;
CREATE INDEX imported_secret_known_by ON imported_secret (known_by) WHERE known_by IS NOT NULL;
CREATE INDEX imported_secret_by_prefix ON imported_secret (prefix) WHERE prefix IS NOT NULL;
CREATE INDEX imported_secret_by_sha256 ON imported_secret (sha256_digest) WHERE sha256_digest IS NOT NULL;
CREATE INDEX imported_secret_by_sha512 ON imported_secret (sha512_digest) WHERE sha512_digest IS NOT NULL;
CREATE INDEX imported_secret_by_slow ON imported_secret (slow_digest) WHERE slow_digest IS NOT NULL;

-- As in the migrations before, and with the new column: an import that is not live would hide the Default API Key.
DROP TRIGGER api_key_default_not_edited;
CREATE TRIGGER api_key_default_not_edited BEFORE UPDATE ON api_key
WHEN (OLD.kind = 'default' OR NEW.kind = 'default') AND (
    OLD.seq IS NOT NEW.seq OR OLD.id IS NOT NEW.id OR OLD.installation_id IS NOT NEW.installation_id OR OLD.kind IS NOT NEW.kind
    OR OLD.client_name IS NOT NEW.client_name OR OLD.client_name_folded IS NOT NEW.client_name_folded
    OR OLD.name_order IS NOT NEW.name_order OR OLD.owner_folded IS NOT NEW.owner_folded OR OLD.notes_folded IS NOT NEW.notes_folded
    OR OLD.environment IS NOT NEW.environment OR OLD.preset IS NOT NEW.preset OR OLD.scopes IS NOT NEW.scopes
    OR OLD.allowed_ips IS NOT NEW.allowed_ips OR OLD.allowed_origins IS NOT NEW.allowed_origins
    OR OLD.rate_limits IS NOT NEW.rate_limits OR OLD.quotas IS NOT NEW.quotas OR OLD.metadata IS NOT NEW.metadata
    OR OLD.owner_email IS NOT NEW.owner_email OR OLD.notes IS NOT NEW.notes OR OLD.issue_bounds IS NOT NEW.issue_bounds
    OR OLD.contact_centre IS NOT NEW.contact_centre OR OLD.sandbox_world IS NOT NEW.sandbox_world
    OR OLD.import_id IS NOT NEW.import_id
    OR OLD.disabled_at IS NOT NEW.disabled_at OR OLD.expires_at IS NOT NEW.expires_at
    OR OLD.deleted_at IS NOT NEW.deleted_at OR OLD.created_at IS NOT NEW.created_at)
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
