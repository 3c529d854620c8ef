-- What a key may do in units of the contact centre (calls, hours, streams, recordings, agents): canonical JSON text, in which what is
-- not limited is left out, so the keys of before are limited in nothing. And the world of the sandbox that a test key reaches; NULL:
-- the one that all share.

ALTER TABLE api_key ADD COLUMN contact_centre TEXT NOT NULL DEFAULT '{}'
    CHECK (jsonb_typeof(contact_centre::jsonb) = 'object');
ALTER TABLE api_key ADD COLUMN sandbox_world TEXT CHECK (sandbox_world IS NULL OR length(sandbox_world) BETWEEN 1 AND 64);

-- As in the migrations before, and with the new columns.
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
        OLD.seq, OLD.id, OLD.installation_id, OLD.kind, OLD.client_name, OLD.client_name_folded, OLD.owner_folded,
        OLD.notes_folded, OLD.environment, OLD.preset, OLD.scopes, OLD.allowed_ips, OLD.allowed_origins, OLD.rate_limits,
        OLD.quotas, OLD.metadata, OLD.owner_email, OLD.notes, OLD.issue_bounds, OLD.contact_centre,
        OLD.sandbox_world, OLD.disabled_at, OLD.expires_at, OLD.deleted_at, OLD.created_at
    ) IS DISTINCT FROM (
        NEW.seq, NEW.id, NEW.installation_id, NEW.kind, NEW.client_name, NEW.client_name_folded, NEW.owner_folded,
        NEW.notes_folded, NEW.environment, NEW.preset, NEW.scopes, NEW.allowed_ips, NEW.allowed_origins, NEW.rate_limits,
        NEW.quotas, NEW.metadata, NEW.owner_email, NEW.notes, NEW.issue_bounds, NEW.contact_centre,
        NEW.sandbox_world, NEW.disabled_at, NEW.expires_at, NEW.deleted_at, NEW.created_at
    ) THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    RETURN NEW;
END $$;
