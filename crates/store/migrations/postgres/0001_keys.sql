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
