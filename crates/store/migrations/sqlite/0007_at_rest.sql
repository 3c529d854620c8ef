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
