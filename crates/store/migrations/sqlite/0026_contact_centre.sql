-- What a key may do in units of the contact centre (calls, hours, streams, recordings, agents): canonical JSON text, in which what is
-- not limited is left out, so the keys of before are limited in nothing. And the world of the sandbox that a test key reaches; NULL:
-- the one that all share.

ALTER TABLE api_key ADD COLUMN contact_centre TEXT NOT NULL DEFAULT '{}'
    CHECK (json_valid(contact_centre) AND json_type(contact_centre) = 'object');
ALTER TABLE api_key ADD COLUMN sandbox_world TEXT CHECK (sandbox_world IS NULL OR length(sandbox_world) BETWEEN 1 AND 64);

-- As in the migrations before, and with the new columns.
DROP TRIGGER api_key_default_not_edited;
CREATE TRIGGER api_key_default_not_edited BEFORE UPDATE ON api_key
WHEN (OLD.kind = 'default' OR NEW.kind = 'default') AND (
    OLD.seq IS NOT NEW.seq OR OLD.id IS NOT NEW.id OR OLD.installation_id IS NOT NEW.installation_id OR OLD.kind IS NOT NEW.kind
    OR OLD.client_name IS NOT NEW.client_name OR OLD.client_name_folded IS NOT NEW.client_name_folded
    OR OLD.owner_folded IS NOT NEW.owner_folded OR OLD.notes_folded IS NOT NEW.notes_folded
    OR OLD.environment IS NOT NEW.environment OR OLD.preset IS NOT NEW.preset OR OLD.scopes IS NOT NEW.scopes
    OR OLD.allowed_ips IS NOT NEW.allowed_ips OR OLD.allowed_origins IS NOT NEW.allowed_origins
    OR OLD.rate_limits IS NOT NEW.rate_limits OR OLD.quotas IS NOT NEW.quotas OR OLD.metadata IS NOT NEW.metadata
    OR OLD.owner_email IS NOT NEW.owner_email OR OLD.notes IS NOT NEW.notes OR OLD.issue_bounds IS NOT NEW.issue_bounds
    OR OLD.contact_centre IS NOT NEW.contact_centre OR OLD.sandbox_world IS NOT NEW.sandbox_world
    OR OLD.disabled_at IS NOT NEW.disabled_at OR OLD.expires_at IS NOT NEW.expires_at
    OR OLD.deleted_at IS NOT NEW.deleted_at OR OLD.created_at IS NOT NEW.created_at)
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
