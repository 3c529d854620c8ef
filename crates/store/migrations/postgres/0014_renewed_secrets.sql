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
