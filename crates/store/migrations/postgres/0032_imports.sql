-- Keys that another system issued: the imports by which they came, and what is known of their secrets. Tables of their own for the
-- latter, so that what protects the secret of the Default API Key stays as it is.

-- An import. Until it is live its keys are of use to nobody: whatever reads keys leaves out those of an import that is not. So many of
-- them come in by one row that changes.
CREATE TABLE key_import (
    id UUID NOT NULL PRIMARY KEY,
    installation_id UUID NOT NULL REFERENCES installation (id),
    -- As the audit log names them.
    actor TEXT COLLATE "C" NOT NULL,
    -- 'ready': it waits for somebody to confirm it. 'abandoned': its keys are being removed.
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('staging', 'ready', 'live', 'abandoned')),
    -- Moves while somebody is at work on it. Whoever watches it compares it with what it was, and no clocks.
    beats BIGINT NOT NULL DEFAULT 0,
    -- What became of its rows, for whoever confirms it: JSON, without any key.
    report TEXT CHECK (length(report) BETWEEN 2 AND 1000000),
    begun_at BIGINT NOT NULL,
    live_at BIGINT,
    -- Of the change that made it live.
    epoch BIGINT,
    CHECK ((state = 'live') = (live_at IS NOT NULL) AND (live_at IS NULL) = (epoch IS NULL))
);
CREATE INDEX key_import_not_live ON key_import (installation_id) WHERE state <> 'live';
CREATE INDEX key_import_by_epoch ON key_import (epoch) WHERE epoch IS NOT NULL;

-- With which import a key came; NULL: Keydesk issued it.
ALTER TABLE api_key ADD COLUMN import_id UUID REFERENCES key_import (id);
CREATE INDEX api_key_by_import ON api_key (import_id) WHERE import_id IS NOT NULL;

-- What else is known of a secret that was imported.
CREATE TABLE imported_secret (
    secret_id UUID NOT NULL PRIMARY KEY REFERENCES api_key_secret (id) ON DELETE CASCADE,
    -- By what it is known until it is used for the first time; NULL: by itself.
    known_by TEXT COLLATE "C" CHECK (known_by IN ('sha256', 'sha512', 'slow')),
    -- The slow hash, and how the key begins of which it is. Both go with the first use.
    prefix TEXT COLLATE "C" CHECK (length(prefix) BETWEEN 1 AND 64),
    hash TEXT COLLATE "C" CHECK (length(hash) BETWEEN 1 AND 512),
    -- HMACs of its unsalted hashes under its pepper, as far as they are known: so the same key is known again when it is imported once
    -- more, in whichever form. And SHA-256 of a slow hash, which has a salt.
    sha256_digest BYTEA CHECK (octet_length(sha256_digest) = 32),
    sha512_digest BYTEA CHECK (octet_length(sha512_digest) = 32),
    slow_digest BYTEA CHECK (octet_length(slow_digest) = 32),
    CHECK ((hash IS NULL) = (prefix IS NULL) AND (hash IS NOT NULL) = (COALESCE(known_by, '') = 'slow'))
);
CREATE INDEX imported_secret_known_by ON imported_secret (known_by) WHERE known_by IS NOT NULL;
CREATE INDEX imported_secret_by_prefix ON imported_secret (prefix) WHERE prefix IS NOT NULL;
CREATE INDEX imported_secret_by_sha256 ON imported_secret (sha256_digest) WHERE sha256_digest IS NOT NULL;
CREATE INDEX imported_secret_by_sha512 ON imported_secret (sha512_digest) WHERE sha512_digest IS NOT NULL;
CREATE INDEX imported_secret_by_slow ON imported_secret (slow_digest) WHERE slow_digest IS NOT NULL;

-- As in the migrations before, and with the new column: an import that is not live would hide the Default API Key.
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
        OLD.seq, OLD.id, OLD.installation_id, OLD.kind, OLD.client_name, OLD.client_name_folded, OLD.name_order, OLD.owner_folded,
        OLD.notes_folded, OLD.environment, OLD.preset, OLD.scopes, OLD.allowed_ips, OLD.allowed_origins, OLD.rate_limits,
        OLD.quotas, OLD.metadata, OLD.owner_email, OLD.notes, OLD.issue_bounds, OLD.contact_centre,
        OLD.sandbox_world, OLD.import_id, OLD.disabled_at, OLD.expires_at, OLD.deleted_at, OLD.created_at
    ) IS DISTINCT FROM (
        NEW.seq, NEW.id, NEW.installation_id, NEW.kind, NEW.client_name, NEW.client_name_folded, NEW.name_order, NEW.owner_folded,
        NEW.notes_folded, NEW.environment, NEW.preset, NEW.scopes, NEW.allowed_ips, NEW.allowed_origins, NEW.rate_limits,
        NEW.quotas, NEW.metadata, NEW.owner_email, NEW.notes, NEW.issue_bounds, NEW.contact_centre,
        NEW.sandbox_world, NEW.import_id, NEW.disabled_at, NEW.expires_at, NEW.deleted_at, NEW.created_at
    ) THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    RETURN NEW;
END $$;
