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
