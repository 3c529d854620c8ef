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
