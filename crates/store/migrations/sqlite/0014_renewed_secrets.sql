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
