CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL);
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
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (1, 'keys', 1, x'3e91a68d97c76a7650efe970b3fe8d5daf7fef918258e5f4f3ac9ee654447efc42f1e9c420c4ef5b29564d8f072f2168', 1);
-- People who sign in to the Workspace, and their sessions.

CREATE TABLE administrator (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    installation_id BLOB NOT NULL REFERENCES installation (id),
    email TEXT NOT NULL,
    -- One address, one account in the whole deployment: the sign-in page asks for no installation.
    email_folded TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'viewer')),
    -- Argon2id, in the PHC string format.
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT administrator_email_unique UNIQUE (email_folded)
) STRICT;
CREATE INDEX administrator_by_installation ON administrator (installation_id);

CREATE TABLE admin_session (
    -- SHA-256 of the token, so that who reads the table can sign in as nobody.
    token_hash BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    administrator_id BLOB NOT NULL REFERENCES administrator (id),
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX admin_session_by_last_seen ON admin_session (last_seen_at);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (2, 'administrators', 1, x'18276dd7adce83f122cc0c6c5013fc041dd04063c49137747fd3b4e31114735bc63d32e3d6fe649503a55c9798ee8bb5', 1);
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
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (3, 'rights', 1, x'f7a1c7559751c6a790f5874b5766cbbbbbc8d47032deb7bef3d88a5a16147e2c8ca36b3120f66f6fdb1faf7262da6e79', 1);
-- A key has several rate limits and quotas, each with a name that a refused call is told. The columns of before held one
-- each, which nothing ever wrote: no key has a limit, neither those that there are nor, without one being given, those to come.
-- Canonical JSON text, as of the sets: the order of the list is the order in which limits are shown.

-- The trigger names the columns, so it goes first and is made anew below.
DROP TRIGGER api_key_default_not_edited;
ALTER TABLE api_key DROP COLUMN rate_limit;
ALTER TABLE api_key DROP COLUMN quota;
ALTER TABLE api_key ADD COLUMN rate_limits TEXT NOT NULL DEFAULT '[]'
    CHECK (json_valid(rate_limits) AND json_type(rate_limits) = 'array' AND json_array_length(rate_limits) <= 5);
ALTER TABLE api_key ADD COLUMN quotas TEXT NOT NULL DEFAULT '[]'
    CHECK (json_valid(quotas) AND json_type(quotas) = 'array' AND json_array_length(quotas) <= 3);

-- As in the migration before, with the new columns in the place of the old.
CREATE TRIGGER api_key_default_not_edited BEFORE UPDATE ON api_key
WHEN (OLD.kind = 'default' OR NEW.kind = 'default') AND (
    OLD.seq IS NOT NEW.seq OR OLD.id IS NOT NEW.id OR OLD.installation_id IS NOT NEW.installation_id OR OLD.kind IS NOT NEW.kind
    OR OLD.client_name IS NOT NEW.client_name OR OLD.client_name_folded IS NOT NEW.client_name_folded
    OR OLD.environment IS NOT NEW.environment OR OLD.preset IS NOT NEW.preset OR OLD.scopes IS NOT NEW.scopes
    OR OLD.allowed_ips IS NOT NEW.allowed_ips OR OLD.allowed_origins IS NOT NEW.allowed_origins
    OR OLD.rate_limits IS NOT NEW.rate_limits OR OLD.quotas IS NOT NEW.quotas OR OLD.metadata IS NOT NEW.metadata
    OR OLD.owner_email IS NOT NEW.owner_email OR OLD.notes IS NOT NEW.notes
    OR OLD.disabled_at IS NOT NEW.disabled_at OR OLD.expires_at IS NOT NEW.expires_at
    OR OLD.deleted_at IS NOT NEW.deleted_at OR OLD.created_at IS NOT NEW.created_at)
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (4, 'limits', 1, x'a6ad43f5429c0c590a9f0060b153b563dadf622737db869b8ff312f3ae37fca3887a2f840f881be7480b4061841db883', 1);
-- People can be invited, disabled, removed and given a new password, and can end a session of theirs elsewhere.

ALTER TABLE administrator ADD COLUMN disabled_at INTEGER;

-- The account is made when the invitation is accepted, so nobody signs in with an account that nobody has taken.
CREATE TABLE invitation (
    -- The id that the account will have.
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    installation_id BLOB NOT NULL REFERENCES installation (id),
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'viewer')),
    -- SHA-256 of the link's token, so that who reads the table can accept nothing.
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CONSTRAINT invitation_token_unique UNIQUE (token_hash),
    -- Of an installation, not of the deployment: one customer must not withdraw another's invitation by making its own.
    CONSTRAINT invitation_email_unique UNIQUE (installation_id, email_folded)
) STRICT;

-- The newest link by which a person can set a new password. The old password works until the link is used.
CREATE TABLE password_reset (
    administrator_id BLOB NOT NULL PRIMARY KEY REFERENCES administrator (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CONSTRAINT password_reset_token_unique UNIQUE (token_hash)
) STRICT, WITHOUT ROWID;

-- Sessions get an id, by which their person can end them: neither a token nor its hash leaves the database. SQLite can't add a
-- column that may not be NULL, so the table is made anew. Sessions that live get an id from their hash, which is random.
CREATE TABLE new_admin_session (
    -- SHA-256 of the token, so that who reads the table can sign in as nobody.
    token_hash BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    administrator_id BLOB NOT NULL REFERENCES administrator (id),
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    CONSTRAINT admin_session_id_unique UNIQUE (id)
) STRICT, WITHOUT ROWID;
INSERT INTO new_admin_session (token_hash, administrator_id, created_at, last_seen_at, id)
    SELECT token_hash, administrator_id, created_at, last_seen_at, substr(token_hash, 1, 16) FROM admin_session;
DROP TABLE admin_session;
ALTER TABLE new_admin_session RENAME TO admin_session;
CREATE INDEX admin_session_by_last_seen ON admin_session (last_seen_at);
CREATE INDEX admin_session_by_administrator ON admin_session (administrator_id, created_at);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (5, 'accounts', 1, x'8ba68aa5a1e77a215ecfcadbf0ee459b99c3c609993600d76c52afad6a0c8c8f1f1b5d911c948276471f9e4a86701be0', 1);
-- The link with which the first owner of an installation is made: one at a time, and it ends 24 hours after it was made. Its
-- token is in no column: it is derived from the master key, the row, and `random`, which makes it unlike every link before.

CREATE TABLE set_up_link (
    installation_id BLOB NOT NULL PRIMARY KEY REFERENCES installation (id),
    random BLOB NOT NULL CHECK (length(random) = 32),
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (6, 'doors', 1, x'07be519372a1a55b4b91bdacf7b3e97e9d05dc8b1dbecfcfc57f6eaddb5b14e7f25578fd14682a0b0fd0ad140d9a9e1e', 1);
-- What must not lie in the database, and further ways round the protection of the Default API Key.

-- Where secrets are shown once, no kept answer holds one any more. An answer can't be opened here to take its secret out, and
-- a secret that lies sealed for another day is what such an installation was promised not to have; so those of before go. All
-- others are of the same form as before, and stay.
DELETE FROM idempotency WHERE installation_id IN (SELECT id FROM installation WHERE recoverable = 0);

-- As in the first migration, but for every UPDATE: `UPDATE OF seq` is not asked when the number is called `rowid`.
DROP TRIGGER api_key_default_not_displaced;
CREATE TRIGGER api_key_default_not_displaced BEFORE UPDATE ON api_key
WHEN (NEW.seq IS NOT OLD.seq OR NEW.id IS NOT OLD.id) AND EXISTS (
    SELECT 1 FROM api_key WHERE kind = 'default' AND seq IS NOT OLD.seq AND (id = NEW.id OR seq = NEW.seq))
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;

-- The Default API Key always has one secret without an end, whose digest stays. A rotation writes the new secret first, with
-- the last instant there is for its end; as soon as the one before gets an end, the new one loses it.
CREATE TRIGGER api_key_secret_default_not_deleted BEFORE DELETE ON api_key_secret
WHEN OLD.expires_at IS NULL AND EXISTS (SELECT 1 FROM api_key WHERE id = OLD.key_id AND kind = 'default')
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
-- What moves by itself (last use) and the sealed copy, which another master key will wrap anew, stay free. An end comes nearer
-- and never goes away, so what has ended does not work again.
CREATE TRIGGER api_key_secret_default_not_edited BEFORE UPDATE
    OF id, installation_id, key_id, digest, hint, pepper_id, created_at, expires_at ON api_key_secret
WHEN (OLD.id IS NOT NEW.id OR OLD.installation_id IS NOT NEW.installation_id OR OLD.key_id IS NOT NEW.key_id
        OR OLD.digest IS NOT NEW.digest OR OLD.hint IS NOT NEW.hint OR OLD.pepper_id IS NOT NEW.pepper_id
        OR OLD.created_at IS NOT NEW.created_at OR OLD.expires_at IS NOT NEW.expires_at)
    AND EXISTS (SELECT 1 FROM api_key WHERE id IN (OLD.key_id, NEW.key_id) AND kind = 'default')
    AND (OLD.id IS NOT NEW.id OR OLD.installation_id IS NOT NEW.installation_id OR OLD.key_id IS NOT NEW.key_id
        OR OLD.digest IS NOT NEW.digest OR OLD.hint IS NOT NEW.hint OR OLD.pepper_id IS NOT NEW.pepper_id
        OR OLD.created_at IS NOT NEW.created_at
        OR NEW.expires_at > OLD.expires_at
        OR (OLD.expires_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM api_key_secret WHERE key_id = OLD.key_id AND expires_at = 9223372036854775807))
        OR (NEW.expires_at IS NULL AND (OLD.expires_at < 9223372036854775807 OR EXISTS (
            SELECT 1 FROM api_key_secret WHERE key_id = OLD.key_id AND expires_at IS NULL))))
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
CREATE TRIGGER api_key_secret_default_succeeded AFTER UPDATE OF expires_at ON api_key_secret
WHEN OLD.expires_at IS NULL AND NEW.expires_at IS NOT NULL
    AND EXISTS (SELECT 1 FROM api_key WHERE id = NEW.key_id AND kind = 'default')
BEGIN
    UPDATE api_key_secret SET expires_at = NULL WHERE id = (
        SELECT id FROM api_key_secret WHERE key_id = NEW.key_id AND expires_at = 9223372036854775807 AND id IS NOT NEW.id
        ORDER BY id DESC LIMIT 1);
END;
-- INSERT OR REPLACE and UPDATE OR REPLACE delete the row in their way without asking the triggers above.
CREATE TRIGGER api_key_secret_default_not_replaced BEFORE INSERT ON api_key_secret
WHEN EXISTS (SELECT 1 FROM api_key_secret s JOIN api_key k ON k.id = s.key_id WHERE s.id = NEW.id AND k.kind = 'default')
    OR EXISTS (SELECT 1 FROM api_key_secret s JOIN api_key k ON k.id = s.key_id WHERE s.digest = NEW.digest AND k.kind = 'default')
    OR EXISTS (SELECT 1 FROM api_key_secret s JOIN api_key k ON k.id = s.key_id WHERE s.rowid = NEW.rowid AND k.kind = 'default')
    OR (NEW.expires_at IS NULL AND EXISTS (
        SELECT 1 FROM api_key_secret s JOIN api_key k ON k.id = s.key_id
        WHERE s.key_id = NEW.key_id AND s.expires_at IS NULL AND k.kind = 'default'))
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
CREATE TRIGGER api_key_secret_default_not_displaced BEFORE UPDATE ON api_key_secret
WHEN (NEW.rowid IS NOT OLD.rowid OR NEW.id IS NOT OLD.id OR NEW.digest IS NOT OLD.digest) AND EXISTS (
    SELECT 1 FROM api_key_secret s JOIN api_key k ON k.id = s.key_id
    WHERE k.kind = 'default' AND s.rowid IS NOT OLD.rowid AND (s.id = NEW.id OR s.digest = NEW.digest OR s.rowid = NEW.rowid))
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;

-- A key without its installation is a key no more, and whoever writes past Keydesk need not look at foreign keys.
CREATE TRIGGER installation_default_key_not_deleted BEFORE DELETE ON installation
WHEN EXISTS (SELECT 1 FROM api_key WHERE installation_id = OLD.id AND kind = 'default')
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
CREATE TRIGGER installation_default_key_not_moved BEFORE UPDATE ON installation
WHEN (NEW.id IS NOT OLD.id OR NEW.rowid IS NOT OLD.rowid) AND EXISTS (
    SELECT 1 FROM api_key k JOIN installation i ON i.id = k.installation_id
    WHERE k.kind = 'default' AND (i.id IN (OLD.id, NEW.id) OR i.rowid = NEW.rowid))
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
CREATE TRIGGER installation_default_key_not_replaced BEFORE INSERT ON installation
WHEN EXISTS (
    SELECT 1 FROM api_key k JOIN installation i ON i.id = k.installation_id
    WHERE k.kind = 'default' AND (i.id = NEW.id OR i.rowid = NEW.rowid))
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
-- A name that is taken is refused as the constraint does, but before anything is replaced.
CREATE TRIGGER installation_name_not_replaced BEFORE INSERT ON installation
WHEN EXISTS (SELECT 1 FROM installation WHERE name = NEW.name)
BEGIN
    SELECT RAISE(ABORT, 'UNIQUE constraint failed: installation.name');
END;
CREATE TRIGGER installation_name_not_displaced BEFORE UPDATE ON installation
WHEN NEW.name IS NOT OLD.name AND EXISTS (SELECT 1 FROM installation WHERE name = NEW.name)
BEGIN
    SELECT RAISE(ABORT, 'UNIQUE constraint failed: installation.name');
END;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (7, 'at rest', 1, x'5aaf747e92b0ca6333e94c9b51ab74d2034770b93648f41665905d9eab659f9f80e6627f64358503fcf23035f18d6614', 1);
-- Audit entries are signed under a key that is not in the database, say where a call came from, and can forget a person.

-- Of the key that an entry is about, since the entry outlives the key.
ALTER TABLE audit_entry ADD COLUMN environment TEXT CHECK (environment IN ('live', 'test'));
-- Where the call came from. Address and user agent can be erased: what is signed is `via_digest`, a keyed digest of the two.
ALTER TABLE audit_entry ADD COLUMN address TEXT CHECK (length(address) <= 45);
ALTER TABLE audit_entry ADD COLUMN request_id BLOB CHECK (length(request_id) = 16);
ALTER TABLE audit_entry ADD COLUMN user_agent TEXT CHECK (length(user_agent) <= 200);
ALTER TABLE audit_entry ADD COLUMN via_digest BLOB CHECK (length(via_digest) = 32);
-- The audit key under which `hash` is an HMAC. Empty: an entry of before, whose hash needs no key.
ALTER TABLE audit_entry ADD COLUMN audit_key_id TEXT NOT NULL DEFAULT '';

-- The one thing that may be done to an entry is to forget a person: their address and user agent, and, in an entry of before,
-- their name and e-mail address in its details.
DROP TRIGGER audit_entry_not_updated;
CREATE TRIGGER audit_entry_not_updated BEFORE UPDATE ON audit_entry
WHEN NOT (
    ((OLD.address IS NOT NULL AND NEW.address IS NULL) OR (OLD.user_agent IS NOT NULL AND NEW.user_agent IS NULL)
        OR (OLD.audit_key_id = '' AND OLD.detail IS NOT NEW.detail))
    AND (NEW.address IS NULL OR OLD.address IS NEW.address)
    AND (NEW.user_agent IS NULL OR OLD.user_agent IS NEW.user_agent)
    AND (OLD.audit_key_id = '' OR OLD.detail IS NEW.detail)
    AND OLD.installation_id IS NEW.installation_id AND OLD.seq IS NEW.seq AND OLD.id IS NEW.id AND OLD.at IS NEW.at
    AND OLD.actor IS NEW.actor AND OLD.action IS NEW.action AND OLD.key_id IS NEW.key_id
    AND OLD.environment IS NEW.environment AND OLD.request_id IS NEW.request_id AND OLD.via_digest IS NEW.via_digest
    AND OLD.audit_key_id IS NEW.audit_key_id AND OLD.previous_hash IS NEW.previous_hash AND OLD.hash IS NEW.hash)
BEGIN
    SELECT RAISE(ABORT, 'audit_is_append_only');
END;

-- The end of each log, signed: entries that are removed at the end are missed.
CREATE TABLE audit_head (
    installation_id BLOB NOT NULL PRIMARY KEY REFERENCES installation (id),
    entries INTEGER NOT NULL CHECK (entries >= 1),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    at INTEGER NOT NULL,
    -- The key of the next entry, and of `mac`.
    audit_key_id TEXT NOT NULL,
    mac BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT, WITHOUT ROWID;

-- Audit keys that were in use, each with a proof by which another one of the same id is noticed.
CREATE TABLE audit_key (
    id TEXT NOT NULL PRIMARY KEY,
    proof BLOB NOT NULL CHECK (length(proof) = 32),
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Entries name people by their ids. Their names stand here, until they are forgotten; an account may be gone before.
CREATE TABLE audit_person (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    installation_id BLOB NOT NULL REFERENCES installation (id),
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_person_by_installation ON audit_person (installation_id);
CREATE INDEX audit_person_by_email ON audit_person (email_folded);
INSERT INTO audit_person (id, installation_id, email, email_folded, name)
    SELECT id, installation_id, email, email_folded, name FROM administrator;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (8, 'audit', 1, x'83c6366f7eec0b34cbd36d5d793b576256547d6c3aa18f1a9cb988d60a9ea70ca55dd7d015888f454a0fd36fe1981ad6', 1);
-- What the keys may be like that a managing key issues. NULL: bound as it is itself, which every key is from now on that
-- manages others. Canonical JSON text.

ALTER TABLE api_key ADD COLUMN issue_bounds TEXT CHECK (issue_bounds IS NULL OR (json_valid(issue_bounds) AND json_type(issue_bounds) = 'object'));

-- As in the migrations before, and with the new column.
DROP TRIGGER api_key_default_not_edited;
CREATE TRIGGER api_key_default_not_edited BEFORE UPDATE ON api_key
WHEN (OLD.kind = 'default' OR NEW.kind = 'default') AND (
    OLD.seq IS NOT NEW.seq OR OLD.id IS NOT NEW.id OR OLD.installation_id IS NOT NEW.installation_id OR OLD.kind IS NOT NEW.kind
    OR OLD.client_name IS NOT NEW.client_name OR OLD.client_name_folded IS NOT NEW.client_name_folded
    OR OLD.environment IS NOT NEW.environment OR OLD.preset IS NOT NEW.preset OR OLD.scopes IS NOT NEW.scopes
    OR OLD.allowed_ips IS NOT NEW.allowed_ips OR OLD.allowed_origins IS NOT NEW.allowed_origins
    OR OLD.rate_limits IS NOT NEW.rate_limits OR OLD.quotas IS NOT NEW.quotas OR OLD.metadata IS NOT NEW.metadata
    OR OLD.owner_email IS NOT NEW.owner_email OR OLD.notes IS NOT NEW.notes OR OLD.issue_bounds IS NOT NEW.issue_bounds
    OR OLD.disabled_at IS NOT NEW.disabled_at OR OLD.expires_at IS NOT NEW.expires_at
    OR OLD.deleted_at IS NOT NEW.deleted_at OR OLD.created_at IS NOT NEW.created_at)
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9, 'issue bounds', 1, x'36213a5368687ec5fab9ef0d5c980b4a972ab48629bc22adedde8e6abb98ec2fec602d705594b6f572edcfa0b67fa57a', 1);
-- Histories are told apart. After a failover to a standby that lags, or a restore under running nodes, the epoch goes back, and
-- later changes reach the same numbers again: a number alone does not say whether what a node knows is still the past. So each
-- value has a random mark. Triggers make it, so that releases that know nothing of it make it, too.

ALTER TABLE epoch ADD COLUMN mark BLOB NOT NULL DEFAULT x'00000000000000000000000000000000' CHECK (length(mark) = 16);
UPDATE epoch SET mark = randomblob(16);

-- The marks of the newest values: a node that saw one of them asks whether it is still there.
CREATE TABLE epoch_mark (
    epoch INTEGER NOT NULL PRIMARY KEY,
    mark BLOB NOT NULL CHECK (length(mark) = 16)
) STRICT;
INSERT INTO epoch_mark (epoch, mark) SELECT value, mark FROM epoch;

-- What lies above the value before is another history's. 100,000 values are more than pass while a node trusts its memory.
CREATE TRIGGER epoch_marked AFTER UPDATE OF value ON epoch
BEGIN
    UPDATE epoch SET mark = randomblob(16) WHERE id = NEW.id AND NEW.mark IS OLD.mark;
    DELETE FROM epoch_mark WHERE epoch > MIN(OLD.value, NEW.value - 1);
    DELETE FROM epoch_mark WHERE epoch <= NEW.value - 100000;
    INSERT INTO epoch_mark (epoch, mark) SELECT value, mark FROM epoch WHERE id = NEW.id;
END;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (10, 'history', 1, x'3d4f5d57abbe0d583919ef684c09863be071f575a7462abea3ae5f78548bd2d8dea94e75f5903411845b273619da9460', 1);
-- Every pepper and every master key that was in use, each with a proof by which another one of the same id is noticed. Audit keys
-- have theirs in `audit_key`; the deployment's row goes on proving the first pepper, for releases of before.
CREATE TABLE keyring_proof (
    kind TEXT NOT NULL CHECK (kind IN ('pepper', 'master')),
    id TEXT NOT NULL,
    proof BLOB NOT NULL CHECK (length(proof) = 32),
    since INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (11, 'keyring proof', 1, x'feb0afebed468b2471834f8751d545f3e4e21097a36cc7d41aa018b598cbdf3c4ce6fd5eaf43487762f8ff77a8d3926c', 1);
-- One row: up to when time is known to have passed, for what is removed when it is old. It goes on at most twice as fast as a clock
-- that nobody sets, so that a wall clock that jumps ahead removes nothing. 0: nothing is known yet.
CREATE TABLE purge_clock (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;
INSERT INTO purge_clock (id, at) VALUES (1, 0);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (12, 'purge clock', 1, x'af38ea6e0e69bf70047408c8ac156e22e3cbc41cdf74eb9087e13f36785ebfb195ffc1b0efe6efad7773ab23ba0f9644', 1);
-- By which version of `model::fold_name` a name was folded: those of before are found as before, and folded anew in the background.
-- Keydesks of before know no other, so theirs is the default.
ALTER TABLE api_key ADD COLUMN fold_version INTEGER NOT NULL DEFAULT 1 CHECK (fold_version >= 1);

-- What is to be folded anew. The Default API Key is not searched for by its row, and can't be changed.
CREATE INDEX api_key_to_fold ON api_key (id) WHERE kind = 'issued' AND fold_version < 2;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (13, 'fold version', 1, x'130ec97d20f980a839859d8fabb3d8fa8d013dd6fc3757e18798aaa880fff6cd429d8888cb60b1181efba7cced98e69d', 1);
-- Peppers and master keys are rotated while Keydesk runs.

-- By which digest a secret was looked up before it got another pepper: a node that has it in memory under that one must not keep it
-- there when the key changes.
ALTER TABLE api_key_secret ADD COLUMN former_digest BLOB CHECK (length(former_digest) = 32);

-- When the operator gave a pepper or a master key up. Its id is never used again.
ALTER TABLE keyring_proof ADD COLUMN retired_at INTEGER;

-- As before, but the secret of the Default API Key may get the digest of another pepper, one that is in use. It keeps the digest that
-- it had beside it.
DROP TRIGGER api_key_secret_default_not_edited;
CREATE TRIGGER api_key_secret_default_not_edited BEFORE UPDATE
    OF id, installation_id, key_id, digest, former_digest, hint, pepper_id, created_at, expires_at ON api_key_secret
WHEN (OLD.id IS NOT NEW.id OR OLD.installation_id IS NOT NEW.installation_id OR OLD.key_id IS NOT NEW.key_id
        OR OLD.digest IS NOT NEW.digest OR OLD.former_digest IS NOT NEW.former_digest OR OLD.hint IS NOT NEW.hint
        OR OLD.pepper_id IS NOT NEW.pepper_id OR OLD.created_at IS NOT NEW.created_at OR OLD.expires_at IS NOT NEW.expires_at)
    AND EXISTS (SELECT 1 FROM api_key WHERE id IN (OLD.key_id, NEW.key_id) AND kind = 'default')
    AND (OLD.id IS NOT NEW.id OR OLD.installation_id IS NOT NEW.installation_id OR OLD.key_id IS NOT NEW.key_id
        OR OLD.hint IS NOT NEW.hint OR OLD.created_at IS NOT NEW.created_at
        OR ((OLD.digest IS NOT NEW.digest OR OLD.former_digest IS NOT NEW.former_digest OR OLD.pepper_id IS NOT NEW.pepper_id)
            AND NOT (OLD.digest IS NOT NEW.digest AND NEW.former_digest IS OLD.digest AND OLD.pepper_id IS NOT NEW.pepper_id
                AND EXISTS (
                    SELECT 1 FROM keyring_proof WHERE kind = 'pepper' AND id = NEW.pepper_id AND retired_at IS NULL)))
        OR (OLD.expires_at IS NOT NEW.expires_at AND (
            NEW.expires_at > OLD.expires_at
            OR (OLD.expires_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM api_key_secret WHERE key_id = OLD.key_id AND expires_at = 9223372036854775807))
            OR (NEW.expires_at IS NULL AND (OLD.expires_at < 9223372036854775807 OR EXISTS (
                SELECT 1 FROM api_key_secret WHERE key_id = OLD.key_id AND expires_at IS NULL))))))
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (14, 'renewed secrets', 1, x'd11ce35b027cbe794c236f3e9814e49c1ebc71827d9054ad107da643b8bb98a9e26303a3f66ec3bc024e5b4bab10a873', 1);
-- The rows.
INSERT INTO deployment (id, key_prefix, keyring_proof, created_at) VALUES (1, 'ccc', x'3461204fb9d7755c2831f1233615dd1a05f6730ffa6c7f84777c03fcb79a230e', 1795378800000);
INSERT INTO keyring_proof (kind, id, proof, since) VALUES ('pepper', 'p1', x'3461204fb9d7755c2831f1233615dd1a05f6730ffa6c7f84777c03fcb79a230e', 1795378800000);
INSERT INTO keyring_proof (kind, id, proof, since) VALUES ('master', 'm1', x'b4d24d4fca944f5d95aaed7a58381945be50b75c9a1d096b2057dfc242669318', 1795378800000);
INSERT INTO installation (id, name, title, recoverable, key_count, created_at) VALUES (x'019aacf8470070008000000100000001', 'default', 'Contact centre', 1, 6, 1795378800000);
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES (x'019aacf8470070008000000200000000', x'019aacf8470070008000000100000001', 'default', 'Default API Key', 'default api key', 'ccc_live_CQv2…LXPy', 'live', 'custom', '["keys:verify"]', '[]', '{}', NULL, NULL, '[]', 2, NULL, NULL, 1795378800000, 1795378800000, 1, 1);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES (x'019aacf8470070008000000300000001', x'019aacf8470070008000000100000001', x'019aacf8470070008000000200000000', x'55caaa4cf0f81b658a437cae2d5b2505ed12e196c7fb82d82079a0517ecbcb94', 'p1', 'm1', x'20654e69780faa83183a9541981f5b01f42ea43482f732521d701e88b00747b702aa7a6f41fbd2129285c5ff2f92d8e48b518caf88a574724615b064', x'b42ecb5df2c36d6f76050b37d0df0c72053d77cdf4788bc1af82d151354f091075e7639f54c7936c7749a145f17a134494c359041bdcda0753b3fc72b73b903042d58b215ce1589fcc', 1795378800000, NULL, 'ccc_live_CQv2…LXPy');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES (x'019aacf8470070008000000200000001', x'019aacf8470070008000000100000001', 'issued', 'Acme CRM', 'acme crm', 'ccc_live_GPaF…in5W', 'live', 'crm', '["calls:read","contacts:read"]', '[]', '{"crm":"4711"}', NULL, NULL, '[]', 2, NULL, NULL, 1795378800000, 1795378800000, 1, 2);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES (x'019aacf8470070008000000300000003', x'019aacf8470070008000000100000001', x'019aacf8470070008000000200000001', x'7683ebdc32b6004893f888334a5abaccc25c7feaa0c093fc1c6ff8ad81bacb4c', 'p1', 'm1', x'e9baedef125c4331631f99e18e58e567b34337c968cae3e78024fe2e6a39a6a8c982d8ad0317ca01cd76f25d5c28806a13180572033b225417fcdec6', x'213720fb14031f639559583631a6d5e38abc4c40e7e383a3d8e85bea200cf63baaba257ca1dcfabb819e71061ad52397630dc0bbdc8a2b6948d9ff31ac4d81917cb00a9cc747b136a7', 1795378800000, NULL, 'ccc_live_GPaF…in5W');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES (x'019aacf8470070008000000200000002', x'019aacf8470070008000000100000001', 'issued', 'Acme Test', 'acme test', 'ccc_test_1GH3…4A6W', 'test', 'custom', '["calls:read"]', '[]', '{}', NULL, NULL, '[]', 2, NULL, NULL, 1795378800000, 1795378800000, 1, 3);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES (x'019aacf8470070008000000300000005', x'019aacf8470070008000000100000001', x'019aacf8470070008000000200000002', x'c5c72e461b51b5c00b51a483449db2d278af9a3b66d55bf63e6d2d3045e8d619', 'p1', 'm1', x'c022a22d152cd3094c735316f350d0250bee2a50078cd8bb33fff173c8fe6db0732f26436b9d1cff6ca86961a3d359ea1bfb61c9bdea965121450e01', x'f1a158f8e63888cb2f3e1318b6c43f335197527d91d44a1817af7e01697aeea8a1ee6a943b8cfbe486ab1f270d2a8a68e2404bced13e326581220799d083a2ca2e26df0fc6b1af1629', 1795378800000, NULL, 'ccc_test_1GH3…4A6W');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES (x'019aacf8470070008000000200000003', x'019aacf8470070008000000100000001', 'issued', 'Acme Off', 'acme off', 'ccc_live_S92r…RJKW', 'live', 'custom', '["calls:read"]', '[]', '{}', NULL, NULL, '[]', 2, 1795378800000, NULL, 1795378800000, 1795378800000, 1, 4);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES (x'019aacf8470070008000000300000007', x'019aacf8470070008000000100000001', x'019aacf8470070008000000200000003', x'b39c1e6e667517e2c934594911c4331853190f9ef063709ace71b769e9a99704', 'p1', 'm1', x'eefebaa7e93f0b28371106517f923e063dd5ff963fdcddd61c4e8a816ed8962485a1f0aee0c9161c8b7340d83cd722f093a3c28999b9e5b2d3a9e347', x'cddf613952e3a3542e23e690ddc768194a49a3ee3b1e29fb68f3b9ad6cb192bfa5bc527273d553e827b4c074340553bd93e9f5bbd6d86b8bbaeec5571eb1e25645f501358e2812e0b8', 1795378800000, NULL, 'ccc_live_S92r…RJKW');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES (x'019aacf8470070008000000200000004', x'019aacf8470070008000000100000001', 'issued', 'Acme Gone', 'acme gone', 'ccc_live_Xzuu…LEKc', 'live', 'custom', '["calls:read"]', '[]', '{}', NULL, NULL, '[]', 2, NULL, 1795378800000, 1795378800000, 1795378800000, 1, 5);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES (x'019aacf8470070008000000300000009', x'019aacf8470070008000000100000001', x'019aacf8470070008000000200000004', x'cc6e358295dbbd958ed5dd2eb77a53e8ec0e7b96eee6a52b2e957f6280579905', 'p1', 'm1', x'67ff09f7e51a1fa226a4f6dd1901ca4241f88671c7d00a4dae332f54ff43ed8b5fdc1f95e46a9a02a6616eee04a039d6686aa5aaa67a2f9a4d462c58', x'47e36757c983663a391003857e02be6704f9aa9a499e49ece72f35ee82cf781230e6ebf82ce21506253501bdfae8735f9a02773a5a9fe2fa99219f369cdfe5828a728e047d5ca9bcb7', 1795378800000, NULL, 'ccc_live_Xzuu…LEKc');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES (x'019aacf8470070008000000200000005', x'019aacf8470070008000000100000001', 'issued', 'Acme Bound', 'acme bound', 'ccc_live_1ILd…rppg', 'live', 'custom', '["calls:read"]', '["10.0.0.0/8"]', '{}', NULL, NULL, '[]', 2, NULL, NULL, 1795378800000, 1795378800000, 1, 6);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES (x'019aacf847007000800000030000000b', x'019aacf8470070008000000100000001', x'019aacf8470070008000000200000005', x'4fa1d06dec00a788564bdb29fd5943e3d867aa06d86a16d65035353c948363be', 'p1', 'm1', x'cc37bc02aa9462080d8ecbc535866d67b585379161abff0e0b2daa8a76f25b445c88fb3bcc97395faefe589f6ab530abcd87a30e89e145938d14ec58', x'0f0a743441f1bb011656e9c49ce6e9d78a8fd62b0c6a0b0f6da5af640644862cec211d596daa0750e7481d4f16cbf2208c1172575425afd4f1b882c9403809daef5f852ebff3aa61f3', 1795378800000, NULL, 'ccc_live_1ILd…rppg');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES (x'019aacf8470070008000000200000006', x'019aacf8470070008000000100000001', 'issued', 'Acme Rotated', 'acme rotated', 'ccc_live_XnMH…UQXE', 'live', 'custom', '["calls:read"]', '[]', '{}', 'ada@example.com', 'ring Ada', '[]', 2, NULL, NULL, 1795378800000, 1795378800000, 1, 7);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES (x'019aacf847007000800000030000000c', x'019aacf8470070008000000100000001', x'019aacf8470070008000000200000006', x'6d663d9f16fcc4131c0b9a6f6fa31ef6acfbb49afb4444dc4fed534af827350b', 'p1', 'm1', x'c6f5120792d02b69cfb149b5b6e4434ee8717c34e0b30e88bc7b57d4fb0c9b556f17b15ea15dd527927477a05ea5af9b0a6130e1aae0cc4ecd0fdee5', x'e9e8148b216b7aea417cac61078fbc433f2cf3295d002014e78487c4cc7c51b00f0cb27bea40f210847a41d65d870e9947a926a86f6b9127ee5d2844e7091c81ca0ab2eb8e62107d6a', 1795378800000, 4070908800000, 'ccc_live_Uu9S…N0BX');
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES (x'019aacf847007000800000030000000d', x'019aacf8470070008000000100000001', x'019aacf8470070008000000200000006', x'59a020da4755ff5232283d723c05e744be16d597f736cfde3b70dc85ed842ee7', 'p1', 'm1', x'2fb9bd59ac464e8dde0b9fcd14b1a40c5245e58bbe6c9b3ef9c2300b3fb6c6d46106fd4e2309ad81429c5ff1ae9df158f71da9e16a66fa54578ff3b9', x'26613d234a93eb77a108fbb8a99a9de53b33382d2d7562e99077d76a48e21759ff84b6aa30f0418c9ac27a2dff8ec2aadd5eb8ca539633e6e6a89166d0207f060f27767d8a1daae67b', 1795378800000, NULL, 'ccc_live_XnMH…UQXE');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES (x'019aacf8470070008000000200000007', x'019aacf8470070008000000100000001', 'issued', 'Acme Limited', 'acme limited', 'ccc_live_wF4l…Eu5T', 'live', 'custom', '["calls:read"]', '[]', '{}', NULL, NULL, '[{"name":"default","limit":600,"window_seconds":60,"burst":600,"scopes":[]}]', 2, NULL, NULL, 1795378800000, 1795378800000, 1, 8);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES (x'019aacf847007000800000030000000f', x'019aacf8470070008000000100000001', x'019aacf8470070008000000200000007', x'6be9da943fe119fefa902fae9c54750e909c6fefdfbc1f1a295862a3bc247c76', 'p1', 'm1', x'1139b0dd948e08dd86660b4f5c069fb1e9bfb8c7b2b46d00837eabd98ce92e33b46c10d20e11fda9f4de2a0b78d6a6af9b230bebee9c1e95bee5fdd0', x'7f6176df286afc42484d38d7e2e1c6e86568bb0a824cd938ab017e2661c04f858d98bd8b0b934677a94ab3d764d6e6ae0f4323e0eaa3a51d284ad1a8d37661c90ea9c5d30f002fe886', 1795378800000, NULL, 'ccc_live_wF4l…Eu5T');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES (x'019aacf8470070008000000100000001', 1, x'019aacf8470070008000000400000001', 1795378800000, '{"kind":"operator"}', 'installation.create', NULL, '{"name":"default","recoverable":true}', x'0000000000000000000000000000000000000000000000000000000000000000', x'c38522c17eb4f2ca2fdf77403f68bc85ae1509d90e25230d6c1deeb09ce8b753', NULL, 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES (x'019aacf8470070008000000100000001', 2, x'019aacf8470070008000000400000002', 1795378800000, '{"kind":"operator"}', 'key.issue', x'019aacf8470070008000000200000000', '{"client_name":"Default API Key","environment":"live","scopes":["keys:verify"]}', x'c38522c17eb4f2ca2fdf77403f68bc85ae1509d90e25230d6c1deeb09ce8b753', x'8414da9e7c0710a1e6be821c030cba23f60e3225126eba05c40aaa27287fcd55', 'live', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES (x'019aacf8470070008000000100000001', 3, x'019aacf8470070008000000400000003', 1795378800000, '{"kind":"operator"}', 'key.issue', x'019aacf8470070008000000200000001', '{"client_name":"Acme CRM","environment":"live","scopes":["calls:read","contacts:read"]}', x'8414da9e7c0710a1e6be821c030cba23f60e3225126eba05c40aaa27287fcd55', x'a71ab01b293c252807bf4007e4c94a5ebef76bb809b35325fd5a42792b14fe94', 'live', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES (x'019aacf8470070008000000100000001', 4, x'019aacf8470070008000000400000004', 1795378800000, '{"kind":"operator"}', 'key.issue', x'019aacf8470070008000000200000002', '{"client_name":"Acme Test","environment":"test","scopes":["calls:read"]}', x'a71ab01b293c252807bf4007e4c94a5ebef76bb809b35325fd5a42792b14fe94', x'b1d3c349c8142cc24f598bfa21ded5150d6f22161c3f10ae823eb2942034e5a9', 'test', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES (x'019aacf8470070008000000100000001', 5, x'019aacf8470070008000000400000005', 1795378800000, '{"kind":"operator"}', 'key.issue', x'019aacf8470070008000000200000003', '{"client_name":"Acme Off","environment":"live","scopes":["calls:read"]}', x'b1d3c349c8142cc24f598bfa21ded5150d6f22161c3f10ae823eb2942034e5a9', x'476a99fc5d14c36ac0f386b8720f82c3b498b2035b6646f3bcf45b7c57de99ac', 'live', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES (x'019aacf8470070008000000100000001', 6, x'019aacf8470070008000000400000006', 1795378800000, '{"kind":"operator"}', 'key.issue', x'019aacf8470070008000000200000004', '{"client_name":"Acme Gone","environment":"live","scopes":["calls:read"]}', x'476a99fc5d14c36ac0f386b8720f82c3b498b2035b6646f3bcf45b7c57de99ac', x'5c11789db5e75ff50176ef69bf6f6888f0baf7b0616a45daf23b74e652a9a788', 'live', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES (x'019aacf8470070008000000100000001', 7, x'019aacf8470070008000000400000007', 1795378800000, '{"kind":"operator"}', 'key.issue', x'019aacf8470070008000000200000005', '{"client_name":"Acme Bound","environment":"live","scopes":["calls:read"]}', x'5c11789db5e75ff50176ef69bf6f6888f0baf7b0616a45daf23b74e652a9a788', x'2f6656b18c43d332c42a32b24c2d6545f5c43bb92e01aceb783180294d281599', 'live', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES (x'019aacf8470070008000000100000001', 8, x'019aacf8470070008000000400000008', 1795378800000, '{"kind":"operator"}', 'key.issue', x'019aacf8470070008000000200000006', '{"client_name":"Acme Rotated","environment":"live","scopes":["calls:read"]}', x'2f6656b18c43d332c42a32b24c2d6545f5c43bb92e01aceb783180294d281599', x'b2aa5a4531ee86b54fdd7d64acc9bc21fbeb2aaba2c2509e664777740d1c2594', 'live', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES (x'019aacf8470070008000000100000001', 9, x'019aacf8470070008000000400000009', 1795378800000, '{"kind":"operator"}', 'key.issue', x'019aacf8470070008000000200000007', '{"client_name":"Acme Limited","environment":"live","scopes":["calls:read"]}', x'b2aa5a4531ee86b54fdd7d64acc9bc21fbeb2aaba2c2509e664777740d1c2594', x'b5ef83664d6b54ba00e08e1725e2a650a29018c3fbd5d28c522f743032c61104', 'live', 'a1');
INSERT INTO audit_key (id, proof, since) VALUES ('a1', x'148abb42ea5e4d957c52905387a3d83b359d0ad7a3e124ffedc8168d0663f9a8', 1795378800000);
INSERT INTO audit_head (installation_id, entries, hash, at, audit_key_id, mac) VALUES (x'019aacf8470070008000000100000001', 9, x'b5ef83664d6b54ba00e08e1725e2a650a29018c3fbd5d28c522f743032c61104', 1795378800000, 'a1', x'3ab3c83f077fd6a245c380da409713e74fbedc985abd57f8db864c548565109d');
INSERT INTO usage_bucket (installation_id, key_id, bucket_start, code, calls) VALUES (x'019aacf8470070008000000100000001', x'019aacf8470070008000000200000001', 1795377600000, 'VALID', 12);
UPDATE epoch SET value = 8 WHERE id = 1;
