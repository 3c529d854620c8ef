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
