-- Lists are ordered by every column that they show, and names as people sort them: `É` near `E`, `Client 2` before `Client 10`.

-- Bytes, as `model::name_order` makes them of the folded name: no collation of a database, so both have one order. What earlier
-- releases wrote has none, stands first, and gets it in the background, as texts are folded anew.
ALTER TABLE api_key ADD COLUMN name_order BYTEA NOT NULL DEFAULT '';

DROP INDEX api_key_by_name;
CREATE INDEX api_key_by_name ON api_key (installation_id, name_order, id) WHERE kind = 'issued' AND deleted_at IS NULL;
CREATE INDEX api_key_by_preset ON api_key (installation_id, preset, name_order, id) WHERE kind = 'issued' AND deleted_at IS NULL;
-- 9223372036854775807 is never, and 4611686018427387904 is where those that are disabled stand, behind all that work.
CREATE INDEX api_key_by_expiry ON api_key (installation_id, (COALESCE(expires_at, 9223372036854775807)), id)
    WHERE kind = 'issued' AND deleted_at IS NULL;
CREATE INDEX api_key_by_status ON api_key (
    installation_id,
    (CASE WHEN disabled_at IS NULL THEN COALESCE(expires_at, 4611686018427387903) ELSE 4611686018427387904 END),
    id
) WHERE kind = 'issued' AND deleted_at IS NULL;

DROP INDEX api_key_to_fold;
CREATE INDEX api_key_to_fold ON api_key (id) WHERE kind = 'issued' AND fold_version < 4;

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
        OLD.seq, OLD.id, OLD.installation_id, OLD.kind, OLD.client_name, OLD.client_name_folded, OLD.name_order, OLD.owner_folded,
        OLD.notes_folded, OLD.environment, OLD.preset, OLD.scopes, OLD.allowed_ips, OLD.allowed_origins, OLD.rate_limits,
        OLD.quotas, OLD.metadata, OLD.owner_email, OLD.notes, OLD.issue_bounds, OLD.contact_centre,
        OLD.sandbox_world, OLD.disabled_at, OLD.expires_at, OLD.deleted_at, OLD.created_at
    ) IS DISTINCT FROM (
        NEW.seq, NEW.id, NEW.installation_id, NEW.kind, NEW.client_name, NEW.client_name_folded, NEW.name_order, NEW.owner_folded,
        NEW.notes_folded, NEW.environment, NEW.preset, NEW.scopes, NEW.allowed_ips, NEW.allowed_origins, NEW.rate_limits,
        NEW.quotas, NEW.metadata, NEW.owner_email, NEW.notes, NEW.issue_bounds, NEW.contact_centre,
        NEW.sandbox_world, NEW.disabled_at, NEW.expires_at, NEW.deleted_at, NEW.created_at
    ) THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    RETURN NEW;
END $$;
