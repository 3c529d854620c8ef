-- What the keys may be like that a managing key issues. NULL: bound as it is itself, which every key is from now on that
-- manages others. Canonical JSON text.

ALTER TABLE api_key ADD COLUMN issue_bounds TEXT CHECK (issue_bounds IS NULL OR (json_valid(issue_bounds) AND json_type(issue_bounds) = 'object'));

-- As in the migrations before, and with the new column.
DROP TRIGGER api_key_default_not_edited;
CREATE TRIGGER api_key_default_not_edited BEFORE UPDATE ON api_key
WHEN (OLD.kind = 'default' OR NEW.kind = 'default') AND (
    OLD.seq IS NOT NEW.seq OR OLD.id IS NOT NEW.id OR OLD.installation_id IS NOT NEW.installation_id OR OLD.kind IS NOT NEW.kind
    OR OLD.client_name IS NOT NEW.client_name OR OLD.client_name_folded IS NOT NEW.client_name_folded
    OR OLD.environment IS NOT NEW.environment OR OLD.preset IS NOT NEW.preset OR OLD.scopes IS NOT NEW.scopes
    OR OLD.allowed_ips IS NOT NEW.allowed_ips OR OLD.allowed_origins IS NOT NEW.allowed_origins
    OR OLD.rate_limits IS NOT NEW.rate_limits OR OLD.quotas IS NOT NEW.quotas OR OLD.metadata IS NOT NEW.metadata
    OR OLD.owner_email IS NOT NEW.owner_email OR OLD.notes IS NOT NEW.notes OR OLD.issue_bounds IS NOT NEW.issue_bounds
    OR OLD.disabled_at IS NOT NEW.disabled_at OR OLD.expires_at IS NOT NEW.expires_at
    OR OLD.deleted_at IS NOT NEW.deleted_at OR OLD.created_at IS NOT NEW.created_at)
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
