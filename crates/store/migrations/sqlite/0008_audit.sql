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
