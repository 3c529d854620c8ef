-- The first schema. Instants are unix milliseconds, ids are version 7 UUIDs, sets are canonical JSON text.

-- One row: what belongs to the deployment and never changes, and proof that the keyring is the one that made it.
CREATE TABLE deployment (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    key_prefix TEXT NOT NULL,
    keyring_proof BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- One row. Every transaction that changes what others may have in memory moves it first, so the order of its values is
-- the order of commits, and a node that has read up to a value has missed nothing.
CREATE TABLE epoch (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO epoch (id, value) VALUES (1, 0);

CREATE TABLE installation (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    -- When the API Keys module was switched off, if it is.
    disabled_at INTEGER,
    -- 1: secrets are also sealed and can be revealed. 0: shown once.
    recoverable INTEGER NOT NULL CHECK (recoverable IN (0, 1)),
    -- Issued keys that are not deleted. Kept here because counting a million rows takes longer than showing a page.
    key_count INTEGER NOT NULL DEFAULT 0 CHECK (key_count >= 0),
    created_at INTEGER NOT NULL,
    CONSTRAINT installation_name_unique UNIQUE (name)
) STRICT;

CREATE TABLE api_key (
    -- A small integer for the trigram index, which knows rows by number.
    seq INTEGER NOT NULL PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16),
    installation_id BLOB NOT NULL REFERENCES installation (id),
    kind TEXT NOT NULL CHECK (kind IN ('default', 'issued')),
    client_name TEXT NOT NULL CHECK (length(client_name) BETWEEN 1 AND 100),
    -- As `model::fold` writes it: what is searched and sorted, whatever the database's collation says.
    client_name_folded TEXT NOT NULL,
    hint TEXT NOT NULL,
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    preset TEXT NOT NULL,
    scopes TEXT NOT NULL,
    allowed_ips TEXT NOT NULL DEFAULT '[]',
    allowed_origins TEXT NOT NULL DEFAULT '[]',
    rate_limit TEXT,
    quota TEXT,
    metadata TEXT NOT NULL DEFAULT '{}',
    disabled_at INTEGER,
    expires_at INTEGER,
    -- A tombstone: revoked at once, restorable for 30 days, then purged.
    deleted_at INTEGER,
    -- 0: never used. Not NULL, so that it can be part of a keyset.
    last_used_at INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    -- The epoch of its last change: what a node reads to learn what it must reload.
    epoch INTEGER NOT NULL,
    CONSTRAINT api_key_id_unique UNIQUE (id)
) STRICT;

CREATE UNIQUE INDEX api_key_one_default ON api_key (installation_id) WHERE kind = 'default';
-- One index for each order of the list; they hold only what a list shows.
CREATE INDEX api_key_by_name ON api_key (installation_id, client_name_folded, id) WHERE kind = 'issued' AND deleted_at IS NULL;
CREATE INDEX api_key_by_created ON api_key (installation_id, created_at, id) WHERE kind = 'issued' AND deleted_at IS NULL;
CREATE INDEX api_key_by_last_used ON api_key (installation_id, last_used_at, id) WHERE kind = 'issued' AND deleted_at IS NULL;
CREATE INDEX api_key_deleted ON api_key (installation_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX api_key_by_epoch ON api_key (epoch);

-- The Default API Key can be neither edited nor deleted, through this door either. What moves by itself (last use,
-- the hint of a rotated secret, version and epoch) stays free.
CREATE TRIGGER api_key_default_not_deleted BEFORE DELETE ON api_key
WHEN OLD.kind = 'default'
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
CREATE TRIGGER api_key_default_not_edited BEFORE UPDATE ON api_key
WHEN (OLD.kind = 'default' OR NEW.kind = 'default') AND (
    OLD.seq IS NOT NEW.seq OR OLD.id IS NOT NEW.id OR OLD.installation_id IS NOT NEW.installation_id OR OLD.kind IS NOT NEW.kind
    OR OLD.client_name IS NOT NEW.client_name OR OLD.client_name_folded IS NOT NEW.client_name_folded
    OR OLD.environment IS NOT NEW.environment OR OLD.preset IS NOT NEW.preset OR OLD.scopes IS NOT NEW.scopes
    OR OLD.allowed_ips IS NOT NEW.allowed_ips OR OLD.allowed_origins IS NOT NEW.allowed_origins
    OR OLD.rate_limit IS NOT NEW.rate_limit OR OLD.quota IS NOT NEW.quota OR OLD.metadata IS NOT NEW.metadata
    OR OLD.disabled_at IS NOT NEW.disabled_at OR OLD.expires_at IS NOT NEW.expires_at
    OR OLD.deleted_at IS NOT NEW.deleted_at OR OLD.created_at IS NOT NEW.created_at)
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
-- INSERT OR REPLACE deletes the row in its way without asking the trigger above.
CREATE TRIGGER api_key_default_not_replaced BEFORE INSERT ON api_key
WHEN EXISTS (
    SELECT 1 FROM api_key
    WHERE kind = 'default' AND (id = NEW.id OR seq = NEW.seq OR (NEW.kind = 'default' AND installation_id = NEW.installation_id)))
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
-- So does UPDATE OR REPLACE, with another key that takes its number or its id.
CREATE TRIGGER api_key_default_not_displaced BEFORE UPDATE OF seq, id ON api_key
WHEN EXISTS (
    SELECT 1 FROM api_key WHERE kind = 'default' AND seq IS NOT OLD.seq AND (id = NEW.id OR seq = NEW.seq))
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;

-- Substring search over the names of issued keys that are not deleted. The names themselves stay in api_key.
CREATE VIRTUAL TABLE api_key_search USING fts5 (
    client_name_folded, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1'
);
CREATE TRIGGER api_key_search_insert AFTER INSERT ON api_key WHEN NEW.kind = 'issued' AND NEW.deleted_at IS NULL
BEGIN
    INSERT INTO api_key_search (rowid, client_name_folded) VALUES (NEW.seq, NEW.client_name_folded);
END;
CREATE TRIGGER api_key_search_update AFTER UPDATE OF client_name_folded, deleted_at ON api_key
WHEN NEW.kind = 'issued' AND (OLD.client_name_folded IS NOT NEW.client_name_folded OR (OLD.deleted_at IS NULL) IS NOT (NEW.deleted_at IS NULL))
BEGIN
    DELETE FROM api_key_search WHERE rowid = OLD.seq;
    INSERT INTO api_key_search (rowid, client_name_folded) SELECT NEW.seq, NEW.client_name_folded WHERE NEW.deleted_at IS NULL;
END;
CREATE TRIGGER api_key_search_delete AFTER DELETE ON api_key WHEN OLD.kind = 'issued' AND OLD.deleted_at IS NULL
BEGIN
    DELETE FROM api_key_search WHERE rowid = OLD.seq;
END;

-- Several a key: while it rotates, the old secret works beside the new one until `expires_at`.
CREATE TABLE api_key_secret (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    installation_id BLOB NOT NULL REFERENCES installation (id),
    key_id BLOB NOT NULL REFERENCES api_key (id),
    -- HMAC-SHA-256 under the pepper that `pepper_id` names.
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    pepper_id TEXT NOT NULL,
    -- The sealed copy: a data key of this row's own, wrapped by the master key, and the secret under it. All or none.
    master_key_id TEXT,
    wrapped_key BLOB,
    sealed_secret BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    CONSTRAINT api_key_secret_digest_unique UNIQUE (digest),
    CHECK ((master_key_id IS NULL) = (wrapped_key IS NULL) AND (wrapped_key IS NULL) = (sealed_secret IS NULL))
) STRICT;
CREATE INDEX api_key_secret_by_key ON api_key_secret (key_id);

-- Hash-chained for each installation: an entry's hash covers the hash before it.
CREATE TABLE audit_entry (
    installation_id BLOB NOT NULL REFERENCES installation (id),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    id BLOB NOT NULL CHECK (length(id) = 16),
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    -- No foreign key: the entry outlives the key.
    key_id BLOB,
    detail TEXT NOT NULL,
    previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (installation_id, seq),
    CONSTRAINT audit_entry_id_unique UNIQUE (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_entry_by_key ON audit_entry (key_id, seq) WHERE key_id IS NOT NULL;
CREATE TRIGGER audit_entry_not_updated BEFORE UPDATE ON audit_entry
BEGIN
    SELECT RAISE(ABORT, 'audit_is_append_only');
END;
CREATE TRIGGER audit_entry_not_deleted BEFORE DELETE ON audit_entry
BEGIN
    SELECT RAISE(ABORT, 'audit_is_append_only');
END;
-- INSERT OR REPLACE deletes the row in its way without asking the trigger above.
CREATE TRIGGER audit_entry_not_replaced BEFORE INSERT ON audit_entry
WHEN EXISTS (SELECT 1 FROM audit_entry WHERE installation_id = NEW.installation_id AND seq = NEW.seq)
    OR EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'audit_is_append_only');
END;

-- Calls for each key, hour and verdict.
CREATE TABLE usage_bucket (
    installation_id BLOB NOT NULL REFERENCES installation (id),
    -- No foreign key: usage outlives the key.
    key_id BLOB NOT NULL CHECK (length(key_id) = 16),
    bucket_start INTEGER NOT NULL,
    code TEXT NOT NULL,
    calls INTEGER NOT NULL CHECK (calls > 0),
    PRIMARY KEY (installation_id, key_id, bucket_start, code)
) STRICT, WITHOUT ROWID;

-- Answers to requests that carried an Idempotency-Key, sealed, for 24 hours.
CREATE TABLE idempotency (
    installation_id BLOB NOT NULL REFERENCES installation (id),
    caller TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    master_key_id TEXT NOT NULL,
    sealed_answer BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (installation_id, caller, idempotency_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
