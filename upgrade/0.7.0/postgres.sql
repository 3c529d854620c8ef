CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL);
-- The first schema. Instants are unix milliseconds, ids are version 7 UUIDs, sets are canonical JSON text.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- One row: what belongs to the deployment and never changes, and proof that the keyring is the one that made it.
CREATE TABLE deployment (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    key_prefix TEXT NOT NULL,
    keyring_proof BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- One row. Every transaction that changes what others may have in memory moves it first, so the order of its values is
-- the order of commits, and a node that has read up to a value has missed nothing.
CREATE TABLE epoch (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
);
INSERT INTO epoch (id, value) VALUES (1, 0);

CREATE TABLE installation (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    -- When the API Keys module was switched off, if it is.
    disabled_at BIGINT,
    -- 1: secrets are also sealed and can be revealed. 0: shown once.
    recoverable BIGINT NOT NULL CHECK (recoverable IN (0, 1)),
    -- Issued keys that are not deleted. Kept here because counting a million rows takes longer than showing a page.
    key_count BIGINT NOT NULL DEFAULT 0 CHECK (key_count >= 0),
    created_at BIGINT NOT NULL,
    CONSTRAINT installation_name_unique UNIQUE (name)
);

CREATE TABLE api_key (
    -- As in SQLite, whose trigram index knows rows by number.
    seq BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id UUID NOT NULL,
    installation_id UUID NOT NULL REFERENCES installation (id),
    kind TEXT NOT NULL CHECK (kind IN ('default', 'issued')),
    client_name TEXT NOT NULL CHECK (length(client_name) BETWEEN 1 AND 100),
    -- As `model::fold` writes it: what is searched and sorted. "C": the order of the bytes, as in SQLite and in keysets.
    client_name_folded TEXT COLLATE "C" NOT NULL,
    hint TEXT NOT NULL,
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    preset TEXT NOT NULL,
    scopes TEXT NOT NULL,
    allowed_ips TEXT NOT NULL DEFAULT '[]',
    allowed_origins TEXT NOT NULL DEFAULT '[]',
    rate_limit TEXT,
    quota TEXT,
    metadata TEXT NOT NULL DEFAULT '{}',
    disabled_at BIGINT,
    expires_at BIGINT,
    -- A tombstone: revoked at once, restorable for 30 days, then purged.
    deleted_at BIGINT,
    -- 0: never used. Not NULL, so that it can be part of a keyset.
    last_used_at BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    -- The epoch of its last change: what a node reads to learn what it must reload.
    epoch BIGINT NOT NULL,
    CONSTRAINT api_key_id_unique UNIQUE (id)
);

CREATE UNIQUE INDEX api_key_one_default ON api_key (installation_id) WHERE kind = 'default';
-- One index for each order of the list; they hold only what a list shows.
CREATE INDEX api_key_by_name ON api_key (installation_id, client_name_folded, id) WHERE kind = 'issued' AND deleted_at IS NULL;
CREATE INDEX api_key_by_created ON api_key (installation_id, created_at, id) WHERE kind = 'issued' AND deleted_at IS NULL;
CREATE INDEX api_key_by_last_used ON api_key (installation_id, last_used_at, id) WHERE kind = 'issued' AND deleted_at IS NULL;
CREATE INDEX api_key_deleted ON api_key (installation_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX api_key_by_epoch ON api_key (epoch);
-- Substring search over the names of issued keys that are not deleted.
CREATE INDEX api_key_search ON api_key USING gin (client_name_folded gin_trgm_ops) WHERE kind = 'issued' AND deleted_at IS NULL;

-- The Default API Key can be neither edited nor deleted, through this door either. What moves by itself (last use,
-- the hint of a rotated secret, version and epoch) stays free.
CREATE FUNCTION api_key_protect_default() RETURNS trigger LANGUAGE plpgsql AS $$
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
        OLD.scopes, OLD.allowed_ips, OLD.allowed_origins, OLD.rate_limit, OLD.quota, OLD.metadata, OLD.disabled_at,
        OLD.expires_at, OLD.deleted_at, OLD.created_at
    ) IS DISTINCT FROM (
        NEW.seq, NEW.id, NEW.installation_id, NEW.kind, NEW.client_name, NEW.client_name_folded, NEW.environment, NEW.preset,
        NEW.scopes, NEW.allowed_ips, NEW.allowed_origins, NEW.rate_limit, NEW.quota, NEW.metadata, NEW.disabled_at,
        NEW.expires_at, NEW.deleted_at, NEW.created_at
    ) THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER api_key_protect_default_row BEFORE UPDATE OR DELETE ON api_key
    FOR EACH ROW EXECUTE FUNCTION api_key_protect_default();
CREATE TRIGGER api_key_protect_default_table BEFORE TRUNCATE ON api_key
    FOR EACH STATEMENT EXECUTE FUNCTION api_key_protect_default();

-- Several a key: while it rotates, the old secret works beside the new one until `expires_at`.
CREATE TABLE api_key_secret (
    id UUID NOT NULL PRIMARY KEY,
    installation_id UUID NOT NULL REFERENCES installation (id),
    key_id UUID NOT NULL REFERENCES api_key (id),
    -- HMAC-SHA-256 under the pepper that `pepper_id` names.
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    pepper_id TEXT NOT NULL,
    -- The sealed copy: a data key of this row's own, wrapped by the master key, and the secret under it. All or none.
    master_key_id TEXT,
    wrapped_key BYTEA,
    sealed_secret BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    CONSTRAINT api_key_secret_digest_unique UNIQUE (digest),
    CHECK ((master_key_id IS NULL) = (wrapped_key IS NULL) AND (wrapped_key IS NULL) = (sealed_secret IS NULL))
);
CREATE INDEX api_key_secret_by_key ON api_key_secret (key_id);

-- Hash-chained for each installation: an entry's hash covers the hash before it.
CREATE TABLE audit_entry (
    installation_id UUID NOT NULL REFERENCES installation (id),
    seq BIGINT NOT NULL CHECK (seq >= 1),
    id UUID NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    -- No foreign key: the entry outlives the key.
    key_id UUID,
    detail TEXT NOT NULL,
    previous_hash BYTEA NOT NULL CHECK (length(previous_hash) = 32),
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (installation_id, seq),
    CONSTRAINT audit_entry_id_unique UNIQUE (id)
);
CREATE INDEX audit_entry_by_key ON audit_entry (key_id, seq) WHERE key_id IS NOT NULL;
CREATE FUNCTION audit_entry_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_is_append_only';
END $$;
CREATE TRIGGER audit_entry_append_only_row BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_append_only();
CREATE TRIGGER audit_entry_append_only_table BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_append_only();

-- Calls for each key, hour and verdict.
CREATE TABLE usage_bucket (
    installation_id UUID NOT NULL REFERENCES installation (id),
    -- No foreign key: usage outlives the key.
    key_id UUID NOT NULL,
    bucket_start BIGINT NOT NULL,
    code TEXT NOT NULL,
    calls BIGINT NOT NULL CHECK (calls > 0),
    PRIMARY KEY (installation_id, key_id, bucket_start, code)
);

-- Answers to requests that carried an Idempotency-Key, sealed, for 24 hours.
CREATE TABLE idempotency (
    installation_id UUID NOT NULL REFERENCES installation (id),
    caller TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL CHECK (length(fingerprint) = 32),
    master_key_id TEXT NOT NULL,
    sealed_answer BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (installation_id, caller, idempotency_key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (1, 'keys', TRUE, '\x0eac9b41516fed69a2c0980644fee27687f685d33ba8175cb60144ab5a8f548fde22fd62cf7d6e953d3d51387ea8fcfe', 1);
-- People who sign in to the Workspace, and their sessions.

CREATE TABLE administrator (
    id UUID NOT NULL PRIMARY KEY,
    installation_id UUID NOT NULL REFERENCES installation (id),
    email TEXT NOT NULL,
    -- One address, one account in the whole deployment: the sign-in page asks for no installation.
    email_folded TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'viewer')),
    -- Argon2id, in the PHC string format.
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT administrator_email_unique UNIQUE (email_folded)
);
CREATE INDEX administrator_by_installation ON administrator (installation_id);

CREATE TABLE admin_session (
    -- SHA-256 of the token, so that who reads the table can sign in as nobody.
    token_hash BYTEA NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    administrator_id UUID NOT NULL REFERENCES administrator (id),
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);
CREATE INDEX admin_session_by_last_seen ON admin_session (last_seen_at);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (2, 'administrators', TRUE, '\x251446d4554312591631a38101eb7388f889c1347f6cd71c5aa8ed12061123dec4bdbc8f2f84d43e5d88358819d2e4b5', 1);
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
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (3, 'rights', TRUE, '\x9f1e8f1a2ed0915c16b56b135096366ae0cfc7e95b1d277bf64e2f647f4c31e2d078c6ba3bc869bf97610de73cd6946b', 1);
-- A key has several rate limits and quotas, each with a name that a refused call is told. The columns of before held one
-- each, which nothing ever wrote: no key has a limit, neither those that there are nor, without one being given, those to come.
-- Canonical JSON text, as of the sets: the order of the list is the order in which limits are shown.

ALTER TABLE api_key DROP COLUMN rate_limit;
ALTER TABLE api_key DROP COLUMN quota;
ALTER TABLE api_key ADD COLUMN rate_limits TEXT NOT NULL DEFAULT '[]'
    CHECK (jsonb_typeof(rate_limits::jsonb) = 'array' AND jsonb_array_length(rate_limits::jsonb) <= 5);
ALTER TABLE api_key ADD COLUMN quotas TEXT NOT NULL DEFAULT '[]'
    CHECK (jsonb_typeof(quotas::jsonb) = 'array' AND jsonb_array_length(quotas::jsonb) <= 3);

-- As in the migration before, with the new columns in the place of the old.
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
        OLD.scopes, OLD.allowed_ips, OLD.allowed_origins, OLD.rate_limits, OLD.quotas, OLD.metadata, OLD.owner_email, OLD.notes,
        OLD.disabled_at, OLD.expires_at, OLD.deleted_at, OLD.created_at
    ) IS DISTINCT FROM (
        NEW.seq, NEW.id, NEW.installation_id, NEW.kind, NEW.client_name, NEW.client_name_folded, NEW.environment, NEW.preset,
        NEW.scopes, NEW.allowed_ips, NEW.allowed_origins, NEW.rate_limits, NEW.quotas, NEW.metadata, NEW.owner_email, NEW.notes,
        NEW.disabled_at, NEW.expires_at, NEW.deleted_at, NEW.created_at
    ) THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    RETURN NEW;
END $$;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (4, 'limits', TRUE, '\x79be1a733d0209560fbdc09d7c0e1eb17972f738c4823e1f3d5e023f7b7b70b703b6d45a7a76f1fae62cb9c8019f3aa6', 1);
-- People can be invited, disabled, removed and given a new password, and can end a session of theirs elsewhere.

ALTER TABLE administrator ADD COLUMN disabled_at BIGINT;

-- The account is made when the invitation is accepted, so nobody signs in with an account that nobody has taken.
CREATE TABLE invitation (
    -- The id that the account will have.
    id UUID NOT NULL PRIMARY KEY,
    installation_id UUID NOT NULL REFERENCES installation (id),
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'viewer')),
    -- SHA-256 of the link's token, so that who reads the table can accept nothing.
    token_hash BYTEA NOT NULL CHECK (length(token_hash) = 32),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT invitation_token_unique UNIQUE (token_hash),
    -- Of an installation, not of the deployment: one customer must not withdraw another's invitation by making its own.
    CONSTRAINT invitation_email_unique UNIQUE (installation_id, email_folded)
);

-- The newest link by which a person can set a new password. The old password works until the link is used.
CREATE TABLE password_reset (
    administrator_id UUID NOT NULL PRIMARY KEY REFERENCES administrator (id) ON DELETE CASCADE,
    token_hash BYTEA NOT NULL CHECK (length(token_hash) = 32),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT password_reset_token_unique UNIQUE (token_hash)
);

-- Sessions get an id, by which their person can end them: neither a token nor its hash leaves the database. Sessions that live
-- get an id from their hash, which is random.
ALTER TABLE admin_session ADD COLUMN id UUID;
UPDATE admin_session SET id = encode(substring(token_hash FROM 1 FOR 16), 'hex')::uuid;
ALTER TABLE admin_session ALTER COLUMN id SET NOT NULL;
ALTER TABLE admin_session ADD CONSTRAINT admin_session_id_unique UNIQUE (id);
CREATE INDEX admin_session_by_administrator ON admin_session (administrator_id, created_at);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (5, 'accounts', TRUE, '\x778b25d68593601fbce8277745e774143bcc7a4f9241d016706a3549ca64397414b4328c1ee6928fbcb7544a10b04556', 1);
-- The link with which the first owner of an installation is made: one at a time, and it ends 24 hours after it was made. Its
-- token is in no column: it is derived from the master key, the row, and `random`, which makes it unlike every link before.

CREATE TABLE set_up_link (
    installation_id UUID NOT NULL PRIMARY KEY REFERENCES installation (id),
    random BYTEA NOT NULL CHECK (length(random) = 32),
    made_at BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (6, 'doors', TRUE, '\xa7e0959dcd1d718055bbd4a6a4e713a59c23cbebab479f3b45cf4268b63100e13720f2617501caa3dedc379e4a9fa5da', 1);
-- What must not lie in the database, and further ways round the protection of the Default API Key.

-- Where secrets are shown once, no kept answer holds one any more. An answer can't be opened here to take its secret out, and
-- a secret that lies sealed for another day is what such an installation was promised not to have; so those of before go. All
-- others are of the same form as before, and stay.
DELETE FROM idempotency WHERE installation_id IN (SELECT id FROM installation WHERE recoverable = 0);

-- The Default API Key always has one secret without an end, whose digest stays. A rotation writes the new secret first, with
-- the last instant there is for its end; as soon as the one before gets an end, the new one loses it.
-- What moves by itself (last use) and the sealed copy, which another master key will wrap anew, stay free. An end comes nearer
-- and never goes away, so what has ended does not work again.
CREATE FUNCTION api_key_secret_protect_default() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT 1 FROM api_key WHERE id = OLD.key_id AND kind = 'default') THEN
            RAISE EXCEPTION 'default_key_protected';
        END IF;
        RETURN OLD;
    END IF;
    IF EXISTS (SELECT 1 FROM api_key WHERE id IN (OLD.key_id, NEW.key_id) AND kind = 'default') AND (
        (OLD.id, OLD.installation_id, OLD.key_id, OLD.digest, OLD.hint, OLD.pepper_id, OLD.created_at)
            IS DISTINCT FROM (NEW.id, NEW.installation_id, NEW.key_id, NEW.digest, NEW.hint, NEW.pepper_id, NEW.created_at)
        OR NEW.expires_at > OLD.expires_at
        OR (OLD.expires_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM api_key_secret WHERE key_id = OLD.key_id AND expires_at = 9223372036854775807))
        OR (NEW.expires_at IS NULL AND (OLD.expires_at < 9223372036854775807 OR EXISTS (
            SELECT 1 FROM api_key_secret WHERE key_id = OLD.key_id AND expires_at IS NULL)))
    ) THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION api_key_secret_succeed_default() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM api_key WHERE id = NEW.key_id AND kind = 'default') THEN
        UPDATE api_key_secret SET expires_at = NULL WHERE id = (
            SELECT id FROM api_key_secret WHERE key_id = NEW.key_id AND expires_at = 9223372036854775807 AND id <> NEW.id
            ORDER BY id DESC LIMIT 1);
    END IF;
    RETURN NULL;
END $$;
-- Without this they would look for their tables where whoever asks says: a temporary table `api_key` would go before the real one.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION api_key_secret_protect_default() SET search_path = pg_catalog, %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION api_key_secret_succeed_default() SET search_path = pg_catalog, %I, pg_temp', current_schema());
END $$;
CREATE TRIGGER api_key_secret_default_not_deleted BEFORE DELETE ON api_key_secret
    FOR EACH ROW WHEN (OLD.expires_at IS NULL) EXECUTE FUNCTION api_key_secret_protect_default();
CREATE TRIGGER api_key_secret_default_not_edited BEFORE UPDATE ON api_key_secret
    FOR EACH ROW WHEN (
        (OLD.id, OLD.installation_id, OLD.key_id, OLD.digest, OLD.hint, OLD.pepper_id, OLD.created_at, OLD.expires_at)
        IS DISTINCT FROM
        (NEW.id, NEW.installation_id, NEW.key_id, NEW.digest, NEW.hint, NEW.pepper_id, NEW.created_at, NEW.expires_at))
    EXECUTE FUNCTION api_key_secret_protect_default();
CREATE TRIGGER api_key_secret_default_succeeded AFTER UPDATE ON api_key_secret
    FOR EACH ROW WHEN (OLD.expires_at IS NULL AND NEW.expires_at IS NOT NULL) EXECUTE FUNCTION api_key_secret_succeed_default();
CREATE TRIGGER api_key_secret_default_not_truncated BEFORE TRUNCATE ON api_key_secret
    FOR EACH STATEMENT EXECUTE FUNCTION api_key_secret_protect_default();
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (7, 'at rest', TRUE, '\x95cd995076b21fd34d8e81daa308474aa9f25ad5a3b2731f2d39f5675e286316a3ade5790b90cebfd34c5669ed37253e', 1);
-- Audit entries are signed under a key that is not in the database, say where a call came from, and can forget a person.

-- Of the key that an entry is about, since the entry outlives the key.
ALTER TABLE audit_entry ADD COLUMN environment TEXT CHECK (environment IN ('live', 'test'));
-- Where the call came from. Address and user agent can be erased: what is signed is `via_digest`, a keyed digest of the two.
ALTER TABLE audit_entry ADD COLUMN address TEXT CHECK (length(address) <= 45);
ALTER TABLE audit_entry ADD COLUMN request_id UUID;
ALTER TABLE audit_entry ADD COLUMN user_agent TEXT CHECK (length(user_agent) <= 200);
ALTER TABLE audit_entry ADD COLUMN via_digest BYTEA CHECK (length(via_digest) = 32);
-- The audit key under which `hash` is an HMAC. Empty: an entry of before, whose hash needs no key.
ALTER TABLE audit_entry ADD COLUMN audit_key_id TEXT NOT NULL DEFAULT '';
-- A node of before, which would write entries that are not signed, is refused.
ALTER TABLE audit_entry ALTER COLUMN audit_key_id DROP DEFAULT;

-- The one thing that may be done to an entry is to forget a person: their address and user agent, and, in an entry of before,
-- their name and e-mail address in its details.
CREATE FUNCTION audit_entry_only_forgets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (
        ((OLD.address IS NOT NULL AND NEW.address IS NULL) OR (OLD.user_agent IS NOT NULL AND NEW.user_agent IS NULL)
            OR (OLD.audit_key_id = '' AND OLD.detail IS DISTINCT FROM NEW.detail))
        AND (NEW.address IS NULL OR OLD.address IS NOT DISTINCT FROM NEW.address)
        AND (NEW.user_agent IS NULL OR OLD.user_agent IS NOT DISTINCT FROM NEW.user_agent)
        AND (OLD.audit_key_id = '' OR OLD.detail IS NOT DISTINCT FROM NEW.detail)
        AND OLD.installation_id IS NOT DISTINCT FROM NEW.installation_id AND OLD.seq IS NOT DISTINCT FROM NEW.seq
        AND OLD.id IS NOT DISTINCT FROM NEW.id AND OLD.at IS NOT DISTINCT FROM NEW.at
        AND OLD.actor IS NOT DISTINCT FROM NEW.actor AND OLD.action IS NOT DISTINCT FROM NEW.action
        AND OLD.key_id IS NOT DISTINCT FROM NEW.key_id AND OLD.environment IS NOT DISTINCT FROM NEW.environment
        AND OLD.request_id IS NOT DISTINCT FROM NEW.request_id AND OLD.via_digest IS NOT DISTINCT FROM NEW.via_digest
        AND OLD.audit_key_id IS NOT DISTINCT FROM NEW.audit_key_id
        AND OLD.previous_hash IS NOT DISTINCT FROM NEW.previous_hash AND OLD.hash IS NOT DISTINCT FROM NEW.hash)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit_is_append_only';
END $$;
DROP TRIGGER audit_entry_append_only_row ON audit_entry;
CREATE TRIGGER audit_entry_append_only_row BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_only_forgets();

-- The end of each log, signed: entries that are removed at the end are missed.
CREATE TABLE audit_head (
    installation_id UUID NOT NULL PRIMARY KEY REFERENCES installation (id),
    entries BIGINT NOT NULL CHECK (entries >= 1),
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    at BIGINT NOT NULL,
    -- The key of the next entry, and of `mac`.
    audit_key_id TEXT NOT NULL,
    mac BYTEA NOT NULL CHECK (length(mac) = 32)
);

-- Audit keys that were in use, each with a proof by which another one of the same id is noticed.
CREATE TABLE audit_key (
    id TEXT NOT NULL PRIMARY KEY,
    proof BYTEA NOT NULL CHECK (length(proof) = 32),
    since BIGINT NOT NULL
);

-- Entries name people by their ids. Their names stand here, until they are forgotten; an account may be gone before.
CREATE TABLE audit_person (
    id UUID NOT NULL PRIMARY KEY,
    installation_id UUID NOT NULL REFERENCES installation (id),
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    name TEXT NOT NULL
);
CREATE INDEX audit_person_by_installation ON audit_person (installation_id);
CREATE INDEX audit_person_by_email ON audit_person (email_folded);
INSERT INTO audit_person (id, installation_id, email, email_folded, name)
    SELECT id, installation_id, email, email_folded, name FROM administrator;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (8, 'audit', TRUE, '\x000409225afd1a845c295fa7fee1de08cd40f98390253fe1f4eaa5ef0158ec3b90c62d8df2a17f0dd511ef01f07bd4c5', 1);
-- What the keys may be like that a managing key issues. NULL: bound as it is itself, which every key is from now on that
-- manages others. Canonical JSON text.

ALTER TABLE api_key ADD COLUMN issue_bounds TEXT CHECK (issue_bounds IS NULL OR jsonb_typeof(issue_bounds::jsonb) = 'object');

-- As in the migrations before, and with the new column.
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
        OLD.scopes, OLD.allowed_ips, OLD.allowed_origins, OLD.rate_limits, OLD.quotas, OLD.metadata, OLD.owner_email, OLD.notes,
        OLD.issue_bounds, OLD.disabled_at, OLD.expires_at, OLD.deleted_at, OLD.created_at
    ) IS DISTINCT FROM (
        NEW.seq, NEW.id, NEW.installation_id, NEW.kind, NEW.client_name, NEW.client_name_folded, NEW.environment, NEW.preset,
        NEW.scopes, NEW.allowed_ips, NEW.allowed_origins, NEW.rate_limits, NEW.quotas, NEW.metadata, NEW.owner_email, NEW.notes,
        NEW.issue_bounds, NEW.disabled_at, NEW.expires_at, NEW.deleted_at, NEW.created_at
    ) THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    RETURN NEW;
END $$;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9, 'issue bounds', TRUE, '\xec05336a4eb2e6596f69beb3842a6f1125377342df857a54722a7749e8fde43d4228dff56de7f3207ec89a4c2c2dd843', 1);
-- Histories are told apart. After a failover to a standby that lags, or a restore under running nodes, the epoch goes back, and
-- later changes reach the same numbers again: a number alone does not say whether what a node knows is still the past. So each
-- value has a random mark. A trigger makes it, so that releases that know nothing of it make it, too.

ALTER TABLE epoch ADD COLUMN mark UUID NOT NULL DEFAULT gen_random_uuid();

-- The marks of the newest values: a node that saw one of them asks whether it is still there.
CREATE TABLE epoch_mark (
    epoch BIGINT NOT NULL PRIMARY KEY,
    mark UUID NOT NULL
);
INSERT INTO epoch_mark (epoch, mark) SELECT value, mark FROM epoch;

-- What lies above the value before is another history's. 100,000 values are more than pass while a node trusts its memory.
CREATE FUNCTION epoch_marked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.mark := gen_random_uuid();
    DELETE FROM epoch_mark WHERE epoch > LEAST(OLD.value, NEW.value - 1);
    DELETE FROM epoch_mark WHERE epoch <= NEW.value - 100000;
    INSERT INTO epoch_mark (epoch, mark) VALUES (NEW.value, NEW.mark);
    -- Other nodes are told when this is committed. Engines that speak PostgreSQL's protocol may lack it; they look all the same.
    IF to_regprocedure('pg_notify(text, text)') IS NOT NULL THEN
        PERFORM pg_notify('keydesk_change', NEW.value::text);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER epoch_marked BEFORE UPDATE OF value ON epoch FOR EACH ROW EXECUTE FUNCTION epoch_marked();
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (10, 'history', TRUE, '\x6455f690672c5cc8990150e3f30f2f96412f3b4554742721d70453a233479c522ecf1678b14d46e337f4eb54ce6332c8', 1);
-- Every pepper and every master key that was in use, each with a proof by which another one of the same id is noticed. Audit keys
-- have theirs in `audit_key`; the deployment's row goes on proving the first pepper, for releases of before.
CREATE TABLE keyring_proof (
    kind TEXT NOT NULL CHECK (kind IN ('pepper', 'master')),
    id TEXT NOT NULL,
    proof BYTEA NOT NULL CHECK (length(proof) = 32),
    since BIGINT NOT NULL,
    PRIMARY KEY (kind, id)
);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (11, 'keyring proof', TRUE, '\xa84f392033eb4c1c6ab8bced95c444c5d3eef4fc76382a98274bf5e2de28a119e68f121c22a333d196ca5f1c14788679', 1);
-- One row: up to when time is known to have passed, for what is removed when it is old. It goes on at most twice as fast as a clock
-- that nobody sets, so that a wall clock that jumps ahead removes nothing. 0: nothing is known yet.
CREATE TABLE purge_clock (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    at BIGINT NOT NULL
);
INSERT INTO purge_clock (id, at) VALUES (1, 0);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (12, 'purge clock', TRUE, '\x0c42d09298e26a5df2f6d152516a5497f4f3868482ae036c94804586fa3bb953a35f9b794e6e8ce55f94046f959284be', 1);
-- By which version of `model::fold_name` a name was folded: those of before are found as before, and folded anew in the background.
-- Keydesks of before know no other, so theirs is the default.
ALTER TABLE api_key ADD COLUMN fold_version BIGINT NOT NULL DEFAULT 1 CHECK (fold_version >= 1);

-- What is to be folded anew. The Default API Key is not searched for by its row, and can't be changed.
CREATE INDEX api_key_to_fold ON api_key (id) WHERE kind = 'issued' AND fold_version < 2;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (13, 'fold version', TRUE, '\x23621e38020954cd08313d35863709811247679daa021f59e1b5008f753395b4c24a1cc86b26fd5b3ddaa5e6413992c5', 1);
-- Peppers and master keys are rotated while Keydesk runs.

-- By which digest a secret was looked up before it got another pepper: a node that has it in memory under that one must not keep it
-- there when the key changes.
ALTER TABLE api_key_secret ADD COLUMN former_digest BYTEA CHECK (octet_length(former_digest) = 32);

-- When the operator gave a pepper or a master key up. Its id is never used again.
ALTER TABLE keyring_proof ADD COLUMN retired_at BIGINT;

-- As before, but the secret of the Default API Key may get the digest of another pepper, one that is in use. It keeps the digest that
-- it had beside it.
CREATE OR REPLACE FUNCTION api_key_secret_protect_default() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT 1 FROM api_key WHERE id = OLD.key_id AND kind = 'default') THEN
            RAISE EXCEPTION 'default_key_protected';
        END IF;
        RETURN OLD;
    END IF;
    IF EXISTS (SELECT 1 FROM api_key WHERE id IN (OLD.key_id, NEW.key_id) AND kind = 'default') AND (
        (OLD.id, OLD.installation_id, OLD.key_id, OLD.hint, OLD.created_at)
            IS DISTINCT FROM (NEW.id, NEW.installation_id, NEW.key_id, NEW.hint, NEW.created_at)
        OR ((OLD.digest, OLD.former_digest, OLD.pepper_id) IS DISTINCT FROM (NEW.digest, NEW.former_digest, NEW.pepper_id)
            AND NOT (OLD.digest <> NEW.digest AND NEW.former_digest IS NOT DISTINCT FROM OLD.digest
                AND OLD.pepper_id <> NEW.pepper_id AND EXISTS (
                    SELECT 1 FROM keyring_proof WHERE kind = 'pepper' AND id = NEW.pepper_id AND retired_at IS NULL)))
        OR (OLD.expires_at IS DISTINCT FROM NEW.expires_at AND (
            NEW.expires_at > OLD.expires_at
            OR (OLD.expires_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM api_key_secret WHERE key_id = OLD.key_id AND expires_at = 9223372036854775807))
            OR (NEW.expires_at IS NULL AND (OLD.expires_at < 9223372036854775807 OR EXISTS (
                SELECT 1 FROM api_key_secret WHERE key_id = OLD.key_id AND expires_at IS NULL)))))
    ) THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    RETURN NEW;
END $$;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION api_key_secret_protect_default() SET search_path = pg_catalog, %I, pg_temp', current_schema());
END $$;
DROP TRIGGER api_key_secret_default_not_edited ON api_key_secret;
CREATE TRIGGER api_key_secret_default_not_edited BEFORE UPDATE ON api_key_secret
    FOR EACH ROW WHEN (
        (OLD.id, OLD.installation_id, OLD.key_id, OLD.digest, OLD.former_digest, OLD.hint, OLD.pepper_id, OLD.created_at,
            OLD.expires_at)
        IS DISTINCT FROM
        (NEW.id, NEW.installation_id, NEW.key_id, NEW.digest, NEW.former_digest, NEW.hint, NEW.pepper_id, NEW.created_at,
            NEW.expires_at))
    EXECUTE FUNCTION api_key_secret_protect_default();
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (14, 'renewed secrets', TRUE, '\xc2854d612453f2c6a14de961aede83dffbf15aa521e2717a126d6433c2282406639e1e5bf055c671147ae821d14933e1', 1);
-- Whose midnight ends a day of this installation, where nobody says whose else. Until somebody sets it, days are those of UTC,
-- as they were before. Whether there is such a zone is known to the program; here is what every name of one looks like.
ALTER TABLE installation ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC'
    CHECK (length(time_zone) BETWEEN 1 AND 64 AND time_zone ~ '^[A-Za-z0-9_+/-]+$');
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (15, 'time zone', TRUE, '\x7b7d4fff651784502edc6b34b39187012bcdb3441fb3d1c47538679bc0dd9dc330289b64d4bc8885d5f6c12ccbcecc44', 1);
-- Keys are found by their owner's address, their notes and their metadata, by their id, and by the end of a hint.

-- As `model::SearchTexts` writes them, empty where there is nothing. Apart from the name, which lists are sorted by, and from each
-- other, since not everybody who sees a key may read its notes. What earlier releases wrote has them empty: it is folded anew in
-- the background, as names were.
ALTER TABLE api_key ADD COLUMN owner_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN notes_folded TEXT NOT NULL DEFAULT '';

DROP INDEX api_key_to_fold;
CREATE INDEX api_key_to_fold ON api_key (id) WHERE kind = 'issued' AND fold_version < 3;

-- Hints end with the last four characters of their secret. A key that is being rotated has two, and is found by either.
CREATE INDEX api_key_secret_by_hint ON api_key_secret (right(hint, 4), installation_id);

-- As in the first migration, of the texts together: a word is in any of them. For whoever may not read the notes it finds too much,
-- and the two other texts are compared besides. No word holds the line's end between the texts.
DROP INDEX api_key_search;
CREATE INDEX api_key_search ON api_key
    USING gin ((client_name_folded || chr(10) || owner_folded || chr(10) || notes_folded) gin_trgm_ops)
    WHERE kind = 'issued' AND deleted_at IS NULL;

-- As in the migrations before, and with the new columns.
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
        OLD.seq, OLD.id, OLD.installation_id, OLD.kind, OLD.client_name, OLD.client_name_folded, OLD.owner_folded,
        OLD.notes_folded, OLD.environment, OLD.preset, OLD.scopes, OLD.allowed_ips, OLD.allowed_origins, OLD.rate_limits,
        OLD.quotas, OLD.metadata, OLD.owner_email, OLD.notes, OLD.issue_bounds, OLD.disabled_at, OLD.expires_at,
        OLD.deleted_at, OLD.created_at
    ) IS DISTINCT FROM (
        NEW.seq, NEW.id, NEW.installation_id, NEW.kind, NEW.client_name, NEW.client_name_folded, NEW.owner_folded,
        NEW.notes_folded, NEW.environment, NEW.preset, NEW.scopes, NEW.allowed_ips, NEW.allowed_origins, NEW.rate_limits,
        NEW.quotas, NEW.metadata, NEW.owner_email, NEW.notes, NEW.issue_bounds, NEW.disabled_at, NEW.expires_at,
        NEW.deleted_at, NEW.created_at
    ) THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    RETURN NEW;
END $$;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (16, 'search texts', TRUE, '\xaac23d34de9256851b127a89d86a9d12b7e84feb948cee54ae4adb3909a7423f461461168588f5af58875cdf1668e841', 1);
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
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (17, 'ceilings', TRUE, '\x771f47ddf823a33027dee3d68a0e8c2a2ca1cd51b0bb33ab9943782810e1acd9b2409edb6d662a0f35f9dc5f586da0f1', 1);
-- What has been taken from limits. None of it is truth that a person has set, so the epoch does not move with it. An owner is a key
-- ('key:' and its id), a client ('client:live:' and its folded name) or an installation ('installation').

-- Calls of a quota that nodes have leased in one of its periods. A node gives out what it has leased, and gives back what it does
-- not need, so all nodes together never exceed a quota by a call. `given` is what the last lease got, for whoever asked.
CREATE TABLE quota_use (
    installation_id UUID NOT NULL REFERENCES installation (id),
    owner TEXT NOT NULL CHECK (length(owner) BETWEEN 1 AND 2000),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 32),
    period_start BIGINT NOT NULL,
    granted BIGINT NOT NULL CHECK (granted >= 0),
    given BIGINT NOT NULL CHECK (given >= 0),
    PRIMARY KEY (installation_id, owner, name, period_start)
);
CREATE INDEX quota_use_by_period ON quota_use (period_start);

-- When a rate limit has given back all that was taken from it, in nanoseconds since 1970: so a restart does not reset it.
CREATE TABLE rate_state (
    installation_id UUID NOT NULL REFERENCES installation (id),
    owner TEXT NOT NULL CHECK (length(owner) BETWEEN 1 AND 2000),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 32),
    full_at BIGINT NOT NULL,
    PRIMARY KEY (installation_id, owner, name)
);
CREATE INDEX rate_state_by_full_at ON rate_state (full_at);

-- The nodes that run on this database. Each counts its own row up; whoever looks sees by its own clock whether one still does.
CREATE TABLE node (
    id UUID NOT NULL PRIMARY KEY,
    beats BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (18, 'limit state', TRUE, '\xeccbc5aec39716ad65d58088f13ead0b197b1e6d767bc46793a61741396a19f27bf5d600417c700a8f25f4e330fc1b7d', 1);
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
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (19, 'usage', TRUE, '\x1c2edd7d76920c5cac2ec6229156d312faf7daa7c2abe97cfb5ace03b8885e43a1cd04d1b05001102db9f822ebe281dd', 1);
-- Refused calls with known keys, so that whoever was refused can ask why, wherever that happened: for 24 hours, the newest
-- 100,000, and of each key the newest 1,000. They are no truth: nodes write them beside the calls, and one that is lost is a
-- question without an answer. No foreign keys, since they outlive keys, and since nothing may hold up a call.
CREATE TABLE refusal (
    -- Its first bytes are the time, so rows are written at the end of the table.
    request_id UUID NOT NULL,
    -- Several calls can come in one request.
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    installation_id UUID NOT NULL,
    key_id UUID NOT NULL,
    secret_id UUID NOT NULL,
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    -- Which codes there are is known to the program: a later release may write others.
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    method TEXT NOT NULL CHECK (length(method) <= 32),
    path TEXT NOT NULL CHECK (length(path) <= 512),
    address TEXT CHECK (length(address) <= 64),
    origin TEXT CHECK (length(origin) <= 512),
    missing_scopes TEXT NOT NULL DEFAULT '[]',
    ended_at BIGINT,
    refused_by TEXT CHECK (length(refused_by) <= 200),
    retry_after_seconds BIGINT CHECK (retry_after_seconds >= 0),
    PRIMARY KEY (request_id, number)
);
CREATE INDEX refusal_by_time ON refusal (installation_id, at, request_id, number);
CREATE INDEX refusal_by_key ON refusal (key_id, at, request_id, number);
CREATE INDEX refusal_by_address ON refusal (address, at, request_id, number) WHERE address IS NOT NULL;
CREATE INDEX refusal_oldest ON refusal (at);

-- Addresses that sent many keys which don't exist. The same: no truth, and bounded by what each node tells.
CREATE TABLE guessing (
    -- The address, or the /64 network of an IPv6 address.
    network TEXT NOT NULL CHECK (length(network) BETWEEN 1 AND 64),
    -- The installation that was asked about; all zeros: whichever the keys would have belonged to.
    installation_id UUID NOT NULL,
    since BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    failed BIGINT NOT NULL CHECK (failed > 0),
    PRIMARY KEY (network, installation_id)
);
CREATE INDEX guessing_by_time ON guessing (last_at);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (20, 'refusals', TRUE, '\xc7f9a331f79ff718b38378831c0255eb6caf330b321080901ac8b428971ccd2ad29f9bd209f120234d419b8de5ac0c63', 1);
-- Events out: what has happened is kept with the change that did it, and delivered to receivers from there.

-- A receiver of events.
CREATE TABLE webhook (
    id UUID NOT NULL PRIMARY KEY,
    installation_id UUID NOT NULL REFERENCES installation (id),
    -- 'test': it gets events about test keys alone.
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    url TEXT NOT NULL CHECK (length(url) BETWEEN 1 AND 2048),
    -- Patterns of types, as canonical JSON.
    types TEXT NOT NULL,
    ordering TEXT NOT NULL CHECK (ordering IN ('subject', 'none')),
    signature TEXT NOT NULL CHECK (signature IN ('v1', 'v1a')),
    disabled_at BIGINT,
    -- The place of the last event that was looked at for it. The deliveries of those up to here are in webhook_delivery.
    seen BIGINT NOT NULL,
    -- The secret that signs, sealed like the copy of a key's secret.
    master_key_id TEXT NOT NULL,
    wrapped_key BYTEA NOT NULL,
    sealed_secret BYTEA NOT NULL,
    -- What deliveries are checked with, where the secret is not shared.
    public_key TEXT,
    -- The secret before, which signs beside it until then.
    former_master_key_id TEXT,
    former_wrapped_key BYTEA,
    former_sealed_secret BYTEA,
    former_ends_at BIGINT,
    last_delivered_at BIGINT,
    last_failed_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CHECK ((signature = 'v1a') = (public_key IS NOT NULL)),
    CHECK ((former_master_key_id IS NULL) = (former_ends_at IS NULL)
        AND (former_wrapped_key IS NULL) = (former_ends_at IS NULL)
        AND (former_sealed_secret IS NULL) = (former_ends_at IS NULL))
);
CREATE INDEX webhook_by_installation ON webhook (installation_id, id);

-- The outbox. Its places grow with the epoch of the change, so they are committed in their order: whoever has read up to one has
-- missed nothing. No foreign key: events outlive keys.
CREATE TABLE event (
    position BIGINT NOT NULL PRIMARY KEY,
    id UUID NOT NULL,
    installation_id UUID NOT NULL,
    type TEXT NOT NULL,
    -- NULL: it is about no key.
    environment TEXT CHECK (environment IN ('live', 'test')),
    -- Kind and id of what it is about, as one text.
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- The one receiver that it is for; NULL: it is for all.
    target UUID,
    -- As it is sent, byte for byte. Never a secret.
    body TEXT NOT NULL,
    CONSTRAINT event_id_unique UNIQUE (id)
);
CREATE INDEX event_by_installation ON event (installation_id, position);
CREATE INDEX event_by_time ON event (installation_id, at);
CREATE INDEX event_by_age ON event (at);

-- How many events each subject has had.
CREATE TABLE event_subject (
    installation_id UUID NOT NULL,
    subject TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (installation_id, subject)
);
CREATE INDEX event_subject_by_age ON event_subject (at);

-- What is told once, such as that a key ends in a week, whichever node finds it out.
CREATE TABLE event_once (
    installation_id UUID NOT NULL,
    -- What it is about.
    subject_id UUID NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (installation_id, subject_id, name)
);
CREATE INDEX event_once_by_age ON event_once (at);

-- Who reads all events, such as the log, and how far they have come.
CREATE TABLE event_reader (
    name TEXT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
);

-- An event on its way to a receiver.
CREATE TABLE webhook_delivery (
    webhook_id UUID NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    event_id UUID NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'parked')),
    attempts BIGINT NOT NULL,
    -- Since when it is tried.
    since BIGINT NOT NULL,
    -- When it is tried next, if it is.
    next_at BIGINT NOT NULL,
    -- The last try: when, the status of the answer, its first bytes or why there was none, and how long it took.
    last_at BIGINT,
    last_status BIGINT,
    last_answer TEXT,
    last_duration_ms BIGINT,
    PRIMARY KEY (webhook_id, position)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_order ON webhook_delivery (webhook_id, subject, position) WHERE state = 'pending';
CREATE INDEX webhook_delivery_parked ON webhook_delivery (webhook_id, position) WHERE state = 'parked';
CREATE INDEX webhook_delivery_by_event ON webhook_delivery (position);

-- Which process delivers to a receiver. It moves `beat` on while it lives; one that has stood still for a while is taken over.
CREATE TABLE webhook_lease (
    webhook_id UUID NOT NULL PRIMARY KEY,
    holder UUID NOT NULL,
    beat BIGINT NOT NULL
);
CREATE INDEX webhook_lease_by_holder ON webhook_lease (holder);

-- Keys that end soon are looked for every hour.
CREATE INDEX api_key_by_end ON api_key (expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (21, 'webhooks', TRUE, '\xc812445f73abd76471c6373047306a938b90fe94746b2b8519839c85feac146f45f463efadb7c750a52a6b12bf2ae93c', 1);
-- The page over the audit log: the newest entries first, by whom, what, about which key and when. Each index begins with what
-- its filter fixes and goes on in the order of the page, so that a page is read from its end however long the log is. The
-- environment stands behind: for a test key entries about live keys don't exist, and are passed over without being read.
DROP INDEX audit_entry_by_key;
CREATE INDEX audit_entry_by_key ON audit_entry (key_id, at, seq) WHERE key_id IS NOT NULL;
CREATE INDEX audit_entry_by_time ON audit_entry (installation_id, at, seq, environment);
CREATE INDEX audit_entry_by_action ON audit_entry (installation_id, action, at, seq, environment);
CREATE INDEX audit_entry_by_actor ON audit_entry (installation_id, actor, at, seq, environment);
CREATE INDEX audit_entry_by_actor_and_action ON audit_entry (installation_id, actor, action, at, seq, environment);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (22, 'audit search', TRUE, '\x1c6d7cc9b093a03f0c6f9b4809dbcafe84fafcc89674a7e04435a1669abf0790dc706d15ee660a3e5188109075dde37a', 1);
-- Restrictions that are tried before they hold. A table of its own, and not columns of the key: hardly any key has one, what protects
-- the Default API Key stays as it is, and releases of before read and write keys without knowing of it.
CREATE TABLE trial (
    -- One at a time. It goes when its key is deleted or purged, whichever release does that.
    key_id UUID NOT NULL PRIMARY KEY REFERENCES api_key (id) ON DELETE CASCADE,
    installation_id UUID NOT NULL REFERENCES installation (id),
    started_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL CHECK (ends_at > started_at),
    -- Scopes, addresses and origins, as canonical JSON.
    restriction TEXT NOT NULL CHECK (length(restriction) BETWEEN 2 AND 100000),
    -- Calls that were checked, and those of them that it would have refused. Nodes add to these beside the calls.
    checked BIGINT NOT NULL DEFAULT 0 CHECK (checked >= 0),
    refused BIGINT NOT NULL DEFAULT 0 CHECK (refused >= 0)
);
CREATE INDEX trial_by_end ON trial (ends_at);

-- What it would have refused, by reason: of each trial the first hundred kinds, and the rest together. No truth, as usage.
CREATE TABLE trial_refusal (
    key_id UUID NOT NULL REFERENCES trial (key_id) ON DELETE CASCADE,
    code TEXT COLLATE "C" NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    -- The scopes that were missing, or the origin. '*' in both columns: those for which there was no room.
    about TEXT COLLATE "C" NOT NULL CHECK (length(about) <= 512),
    -- Empty: nobody knows it.
    address TEXT COLLATE "C" NOT NULL CHECK (length(address) <= 64),
    calls BIGINT NOT NULL CHECK (calls > 0),
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (key_id, code, about, address)
);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (23, 'trial', TRUE, '\xeec34d73b143d617fe92a3cc7a7a467ab2f4733bc82486612689d7fc447aa39064478eedd7d5500b4a9a4221d6fff9fb', 1);
-- Filters of the audit log that few entries match. Those about one key by a person or an action are found in the index alone,
-- without reading the key's other entries; and a test key, for which entries about live keys don't exist, goes along an index that
-- has none of them.
DROP INDEX audit_entry_by_key;
CREATE INDEX audit_entry_by_key ON audit_entry (key_id, installation_id, at, seq, action, actor, environment) WHERE key_id IS NOT NULL;
CREATE INDEX audit_entry_of_test ON audit_entry (installation_id, at, seq, action, actor) WHERE environment = 'test';
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (24, 'audit filters', TRUE, '\xaacfcc28a2404bdd0c3520f38cc0a3d2aa419aefaaab9ad5e1128e11be4a8ae561a7e6252e2916cab58543de320e29c4', 1);
-- The rows.
INSERT INTO deployment (id, key_prefix, keyring_proof, created_at) VALUES (1, 'ccc', '\x3461204fb9d7755c2831f1233615dd1a05f6730ffa6c7f84777c03fcb79a230e', 1795378800000);
INSERT INTO keyring_proof (kind, id, proof, since) VALUES ('pepper', 'p1', '\x3461204fb9d7755c2831f1233615dd1a05f6730ffa6c7f84777c03fcb79a230e', 1795378800000);
INSERT INTO keyring_proof (kind, id, proof, since) VALUES ('master', 'm1', '\xb4d24d4fca944f5d95aaed7a58381945be50b75c9a1d096b2057dfc242669318', 1795378800000);
INSERT INTO installation (id, name, title, recoverable, key_count, created_at) VALUES ('019aacf8-4700-7000-8000-000100000001', 'default', 'Contact centre', 1, 6, 1795378800000);
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, owner_folded, notes_folded, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES ('019aacf8-4700-7000-8000-000200000000', '019aacf8-4700-7000-8000-000100000001', 'default', 'Default API Key', 'default api key', 'ccc_live_CQv2…LXPy', 'live', 'custom', '["keys:verify"]', '[]', '{}', NULL, NULL, '[]', 3, '', '', NULL, NULL, 1795378800000, 1795378800000, 1, 1);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES ('019aacf8-4700-7000-8000-000300000001', '019aacf8-4700-7000-8000-000100000001', '019aacf8-4700-7000-8000-000200000000', '\x55caaa4cf0f81b658a437cae2d5b2505ed12e196c7fb82d82079a0517ecbcb94', 'p1', 'm1', '\x20654e69780faa83183a9541981f5b01f42ea43482f732521d701e88b00747b702aa7a6f41fbd2129285c5ff2f92d8e48b518caf88a574724615b064', '\xb42ecb5df2c36d6f76050b37d0df0c72053d77cdf4788bc1af82d151354f091075e7639f54c7936c7749a145f17a134494c359041bdcda0753b3fc72b73b903042d58b215ce1589fcc', 1795378800000, NULL, 'ccc_live_CQv2…LXPy');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, owner_folded, notes_folded, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES ('019aacf8-4700-7000-8000-000200000001', '019aacf8-4700-7000-8000-000100000001', 'issued', 'Acme CRM', 'acme crm', 'ccc_live_GPaF…in5W', 'live', 'crm', '["calls:read","contacts:read"]', '[]', '{"crm":"4711"}', NULL, NULL, '[]', 3, '', '
crm=4711', NULL, NULL, 1795378800000, 1795378800000, 1, 2);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES ('019aacf8-4700-7000-8000-000300000003', '019aacf8-4700-7000-8000-000100000001', '019aacf8-4700-7000-8000-000200000001', '\x7683ebdc32b6004893f888334a5abaccc25c7feaa0c093fc1c6ff8ad81bacb4c', 'p1', 'm1', '\xe9baedef125c4331631f99e18e58e567b34337c968cae3e78024fe2e6a39a6a8c982d8ad0317ca01cd76f25d5c28806a13180572033b225417fcdec6', '\x213720fb14031f639559583631a6d5e38abc4c40e7e383a3d8e85bea200cf63baaba257ca1dcfabb819e71061ad52397630dc0bbdc8a2b6948d9ff31ac4d81917cb00a9cc747b136a7', 1795378800000, NULL, 'ccc_live_GPaF…in5W');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, owner_folded, notes_folded, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES ('019aacf8-4700-7000-8000-000200000002', '019aacf8-4700-7000-8000-000100000001', 'issued', 'Acme Test', 'acme test', 'ccc_test_1GH3…4A6W', 'test', 'custom', '["calls:read"]', '[]', '{}', NULL, NULL, '[]', 3, '', '', NULL, NULL, 1795378800000, 1795378800000, 1, 3);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES ('019aacf8-4700-7000-8000-000300000005', '019aacf8-4700-7000-8000-000100000001', '019aacf8-4700-7000-8000-000200000002', '\xc5c72e461b51b5c00b51a483449db2d278af9a3b66d55bf63e6d2d3045e8d619', 'p1', 'm1', '\xc022a22d152cd3094c735316f350d0250bee2a50078cd8bb33fff173c8fe6db0732f26436b9d1cff6ca86961a3d359ea1bfb61c9bdea965121450e01', '\xf1a158f8e63888cb2f3e1318b6c43f335197527d91d44a1817af7e01697aeea8a1ee6a943b8cfbe486ab1f270d2a8a68e2404bced13e326581220799d083a2ca2e26df0fc6b1af1629', 1795378800000, NULL, 'ccc_test_1GH3…4A6W');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, owner_folded, notes_folded, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES ('019aacf8-4700-7000-8000-000200000003', '019aacf8-4700-7000-8000-000100000001', 'issued', 'Acme Off', 'acme off', 'ccc_live_S92r…RJKW', 'live', 'custom', '["calls:read"]', '[]', '{}', NULL, NULL, '[]', 3, '', '', 1795378800000, NULL, 1795378800000, 1795378800000, 1, 4);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES ('019aacf8-4700-7000-8000-000300000007', '019aacf8-4700-7000-8000-000100000001', '019aacf8-4700-7000-8000-000200000003', '\xb39c1e6e667517e2c934594911c4331853190f9ef063709ace71b769e9a99704', 'p1', 'm1', '\xeefebaa7e93f0b28371106517f923e063dd5ff963fdcddd61c4e8a816ed8962485a1f0aee0c9161c8b7340d83cd722f093a3c28999b9e5b2d3a9e347', '\xcddf613952e3a3542e23e690ddc768194a49a3ee3b1e29fb68f3b9ad6cb192bfa5bc527273d553e827b4c074340553bd93e9f5bbd6d86b8bbaeec5571eb1e25645f501358e2812e0b8', 1795378800000, NULL, 'ccc_live_S92r…RJKW');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, owner_folded, notes_folded, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES ('019aacf8-4700-7000-8000-000200000004', '019aacf8-4700-7000-8000-000100000001', 'issued', 'Acme Gone', 'acme gone', 'ccc_live_Xzuu…LEKc', 'live', 'custom', '["calls:read"]', '[]', '{}', NULL, NULL, '[]', 3, '', '', NULL, 1795378800000, 1795378800000, 1795378800000, 1, 5);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES ('019aacf8-4700-7000-8000-000300000009', '019aacf8-4700-7000-8000-000100000001', '019aacf8-4700-7000-8000-000200000004', '\xcc6e358295dbbd958ed5dd2eb77a53e8ec0e7b96eee6a52b2e957f6280579905', 'p1', 'm1', '\x67ff09f7e51a1fa226a4f6dd1901ca4241f88671c7d00a4dae332f54ff43ed8b5fdc1f95e46a9a02a6616eee04a039d6686aa5aaa67a2f9a4d462c58', '\x47e36757c983663a391003857e02be6704f9aa9a499e49ece72f35ee82cf781230e6ebf82ce21506253501bdfae8735f9a02773a5a9fe2fa99219f369cdfe5828a728e047d5ca9bcb7', 1795378800000, NULL, 'ccc_live_Xzuu…LEKc');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, owner_folded, notes_folded, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES ('019aacf8-4700-7000-8000-000200000005', '019aacf8-4700-7000-8000-000100000001', 'issued', 'Acme Bound', 'acme bound', 'ccc_live_1ILd…rppg', 'live', 'custom', '["calls:read"]', '["10.0.0.0/8"]', '{}', NULL, NULL, '[]', 3, '', '', NULL, NULL, 1795378800000, 1795378800000, 1, 6);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES ('019aacf8-4700-7000-8000-00030000000b', '019aacf8-4700-7000-8000-000100000001', '019aacf8-4700-7000-8000-000200000005', '\x4fa1d06dec00a788564bdb29fd5943e3d867aa06d86a16d65035353c948363be', 'p1', 'm1', '\xcc37bc02aa9462080d8ecbc535866d67b585379161abff0e0b2daa8a76f25b445c88fb3bcc97395faefe589f6ab530abcd87a30e89e145938d14ec58', '\x0f0a743441f1bb011656e9c49ce6e9d78a8fd62b0c6a0b0f6da5af640644862cec211d596daa0750e7481d4f16cbf2208c1172575425afd4f1b882c9403809daef5f852ebff3aa61f3', 1795378800000, NULL, 'ccc_live_1ILd…rppg');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, owner_folded, notes_folded, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES ('019aacf8-4700-7000-8000-000200000006', '019aacf8-4700-7000-8000-000100000001', 'issued', 'Acme Rotated', 'acme rotated', 'ccc_live_XnMH…UQXE', 'live', 'custom', '["calls:read"]', '[]', '{}', 'ada@example.com', 'ring Ada', '[]', 3, 'ada@example.com', 'ring ada', NULL, NULL, 1795378800000, 1795378800000, 1, 7);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES ('019aacf8-4700-7000-8000-00030000000c', '019aacf8-4700-7000-8000-000100000001', '019aacf8-4700-7000-8000-000200000006', '\x6d663d9f16fcc4131c0b9a6f6fa31ef6acfbb49afb4444dc4fed534af827350b', 'p1', 'm1', '\xc6f5120792d02b69cfb149b5b6e4434ee8717c34e0b30e88bc7b57d4fb0c9b556f17b15ea15dd527927477a05ea5af9b0a6130e1aae0cc4ecd0fdee5', '\xe9e8148b216b7aea417cac61078fbc433f2cf3295d002014e78487c4cc7c51b00f0cb27bea40f210847a41d65d870e9947a926a86f6b9127ee5d2844e7091c81ca0ab2eb8e62107d6a', 1795378800000, 4070908800000, 'ccc_live_Uu9S…N0BX');
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES ('019aacf8-4700-7000-8000-00030000000d', '019aacf8-4700-7000-8000-000100000001', '019aacf8-4700-7000-8000-000200000006', '\x59a020da4755ff5232283d723c05e744be16d597f736cfde3b70dc85ed842ee7', 'p1', 'm1', '\x2fb9bd59ac464e8dde0b9fcd14b1a40c5245e58bbe6c9b3ef9c2300b3fb6c6d46106fd4e2309ad81429c5ff1ae9df158f71da9e16a66fa54578ff3b9', '\x26613d234a93eb77a108fbb8a99a9de53b33382d2d7562e99077d76a48e21759ff84b6aa30f0418c9ac27a2dff8ec2aadd5eb8ca539633e6e6a89166d0207f060f27767d8a1daae67b', 1795378800000, NULL, 'ccc_live_XnMH…UQXE');
INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, scopes, allowed_ips, metadata, owner_email, notes, rate_limits, fold_version, owner_folded, notes_folded, disabled_at, deleted_at, created_at, updated_at, version, epoch) VALUES ('019aacf8-4700-7000-8000-000200000007', '019aacf8-4700-7000-8000-000100000001', 'issued', 'Acme Limited', 'acme limited', 'ccc_live_wF4l…Eu5T', 'live', 'custom', '["calls:read"]', '[]', '{}', NULL, NULL, '[{"name":"default","limit":600,"window_seconds":60,"burst":600,"scopes":[]}]', 3, '', '', NULL, NULL, 1795378800000, 1795378800000, 1, 8);
INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret, created_at, expires_at, hint) VALUES ('019aacf8-4700-7000-8000-00030000000f', '019aacf8-4700-7000-8000-000100000001', '019aacf8-4700-7000-8000-000200000007', '\x6be9da943fe119fefa902fae9c54750e909c6fefdfbc1f1a295862a3bc247c76', 'p1', 'm1', '\x1139b0dd948e08dd86660b4f5c069fb1e9bfb8c7b2b46d00837eabd98ce92e33b46c10d20e11fda9f4de2a0b78d6a6af9b230bebee9c1e95bee5fdd0', '\x7f6176df286afc42484d38d7e2e1c6e86568bb0a824cd938ab017e2661c04f858d98bd8b0b934677a94ab3d764d6e6ae0f4323e0eaa3a51d284ad1a8d37661c90ea9c5d30f002fe886', 1795378800000, NULL, 'ccc_live_wF4l…Eu5T');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES ('019aacf8-4700-7000-8000-000100000001', 1, '019aacf8-4700-7000-8000-000400000001', 1795378800000, '{"kind":"operator"}', 'installation.create', NULL, '{"name":"default","recoverable":true}', '\x0000000000000000000000000000000000000000000000000000000000000000', '\xc38522c17eb4f2ca2fdf77403f68bc85ae1509d90e25230d6c1deeb09ce8b753', NULL, 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES ('019aacf8-4700-7000-8000-000100000001', 2, '019aacf8-4700-7000-8000-000400000002', 1795378800000, '{"kind":"operator"}', 'key.issue', '019aacf8-4700-7000-8000-000200000000', '{"client_name":"Default API Key","environment":"live","scopes":["keys:verify"]}', '\xc38522c17eb4f2ca2fdf77403f68bc85ae1509d90e25230d6c1deeb09ce8b753', '\x8414da9e7c0710a1e6be821c030cba23f60e3225126eba05c40aaa27287fcd55', 'live', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES ('019aacf8-4700-7000-8000-000100000001', 3, '019aacf8-4700-7000-8000-000400000003', 1795378800000, '{"kind":"operator"}', 'key.issue', '019aacf8-4700-7000-8000-000200000001', '{"client_name":"Acme CRM","environment":"live","scopes":["calls:read","contacts:read"]}', '\x8414da9e7c0710a1e6be821c030cba23f60e3225126eba05c40aaa27287fcd55', '\xa71ab01b293c252807bf4007e4c94a5ebef76bb809b35325fd5a42792b14fe94', 'live', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES ('019aacf8-4700-7000-8000-000100000001', 4, '019aacf8-4700-7000-8000-000400000004', 1795378800000, '{"kind":"operator"}', 'key.issue', '019aacf8-4700-7000-8000-000200000002', '{"client_name":"Acme Test","environment":"test","scopes":["calls:read"]}', '\xa71ab01b293c252807bf4007e4c94a5ebef76bb809b35325fd5a42792b14fe94', '\xb1d3c349c8142cc24f598bfa21ded5150d6f22161c3f10ae823eb2942034e5a9', 'test', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES ('019aacf8-4700-7000-8000-000100000001', 5, '019aacf8-4700-7000-8000-000400000005', 1795378800000, '{"kind":"operator"}', 'key.issue', '019aacf8-4700-7000-8000-000200000003', '{"client_name":"Acme Off","environment":"live","scopes":["calls:read"]}', '\xb1d3c349c8142cc24f598bfa21ded5150d6f22161c3f10ae823eb2942034e5a9', '\x476a99fc5d14c36ac0f386b8720f82c3b498b2035b6646f3bcf45b7c57de99ac', 'live', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES ('019aacf8-4700-7000-8000-000100000001', 6, '019aacf8-4700-7000-8000-000400000006', 1795378800000, '{"kind":"operator"}', 'key.issue', '019aacf8-4700-7000-8000-000200000004', '{"client_name":"Acme Gone","environment":"live","scopes":["calls:read"]}', '\x476a99fc5d14c36ac0f386b8720f82c3b498b2035b6646f3bcf45b7c57de99ac', '\x5c11789db5e75ff50176ef69bf6f6888f0baf7b0616a45daf23b74e652a9a788', 'live', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES ('019aacf8-4700-7000-8000-000100000001', 7, '019aacf8-4700-7000-8000-000400000007', 1795378800000, '{"kind":"operator"}', 'key.issue', '019aacf8-4700-7000-8000-000200000005', '{"client_name":"Acme Bound","environment":"live","scopes":["calls:read"]}', '\x5c11789db5e75ff50176ef69bf6f6888f0baf7b0616a45daf23b74e652a9a788', '\x2f6656b18c43d332c42a32b24c2d6545f5c43bb92e01aceb783180294d281599', 'live', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES ('019aacf8-4700-7000-8000-000100000001', 8, '019aacf8-4700-7000-8000-000400000008', 1795378800000, '{"kind":"operator"}', 'key.issue', '019aacf8-4700-7000-8000-000200000006', '{"client_name":"Acme Rotated","environment":"live","scopes":["calls:read"]}', '\x2f6656b18c43d332c42a32b24c2d6545f5c43bb92e01aceb783180294d281599', '\xb2aa5a4531ee86b54fdd7d64acc9bc21fbeb2aaba2c2509e664777740d1c2594', 'live', 'a1');
INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash, environment, audit_key_id) VALUES ('019aacf8-4700-7000-8000-000100000001', 9, '019aacf8-4700-7000-8000-000400000009', 1795378800000, '{"kind":"operator"}', 'key.issue', '019aacf8-4700-7000-8000-000200000007', '{"client_name":"Acme Limited","environment":"live","scopes":["calls:read"]}', '\xb2aa5a4531ee86b54fdd7d64acc9bc21fbeb2aaba2c2509e664777740d1c2594', '\xb5ef83664d6b54ba00e08e1725e2a650a29018c3fbd5d28c522f743032c61104', 'live', 'a1');
INSERT INTO audit_key (id, proof, since) VALUES ('a1', '\x148abb42ea5e4d957c52905387a3d83b359d0ad7a3e124ffedc8168d0663f9a8', 1795378800000);
INSERT INTO audit_head (installation_id, entries, hash, at, audit_key_id, mac) VALUES ('019aacf8-4700-7000-8000-000100000001', 9, '\xb5ef83664d6b54ba00e08e1725e2a650a29018c3fbd5d28c522f743032c61104', 1795378800000, 'a1', '\x3ab3c83f077fd6a245c380da409713e74fbedc985abd57f8db864c548565109d');
INSERT INTO usage_bucket (installation_id, key_id, bucket_start, code, calls) VALUES ('019aacf8-4700-7000-8000-000100000001', '019aacf8-4700-7000-8000-000200000001', 1795377600000, 'VALID', 12);
INSERT INTO ceiling (installation_id, client_fold, environment, client_name, rate_limits, quotas, version, updated_at, epoch) VALUES ('019aacf8-4700-7000-8000-000100000001', 'acme crm', 'live', 'Acme CRM', '[{"name":"default","limit":6000,"window_seconds":60,"burst":6000,"scopes":[]}]', '[]', 1, 1795378800000, 8);
INSERT INTO webhook (id, installation_id, environment, url, types, ordering, signature, seen, master_key_id, wrapped_key, sealed_secret, created_at, updated_at, version) VALUES ('019aacf8-4700-7000-8000-000500000001', '019aacf8-4700-7000-8000-000100000001', 'live', 'https://example.com/hooks', '["key.*"]', 'subject', 'v1', 0, 'm1', '\x88792a61003ce4cf580991e8d92fb314d935160def5602d017fe7803d7f3184a6b594d27ef07a1113fe1fb40d065ee9f1edcf004d5bd65bf12ab8ba8', '\x12771c48263cc135061d11c862399f19674a4162dbe1d9583c60c7260570bd7bd652c6edc0ca34cb805e296df4b3d045b76f52766fda6c1c6cff934e2c5a99a19cebe0a8ce7802ecfeb9dc1d0f8b', 1795378800000, 1795378800000, 1);
UPDATE epoch SET value = 8 WHERE id = 1;
