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
