-- A key has several rate limits and quotas, each with a name that a refused call is told. The columns of before held one
-- each, which nothing ever wrote: no key has a limit, neither those that there are nor, without one being given, those to come.
-- Canonical JSON text, as of the sets: the order of the list is the order in which limits are shown.

-- The trigger names the columns, so it goes first and is made anew below.
DROP TRIGGER api_key_default_not_edited;
ALTER TABLE api_key DROP COLUMN rate_limit;
ALTER TABLE api_key DROP COLUMN quota;
ALTER TABLE api_key ADD COLUMN rate_limits TEXT NOT NULL DEFAULT '[]'
    CHECK (json_valid(rate_limits) AND json_type(rate_limits) = 'array' AND json_array_length(rate_limits) <= 5);
ALTER TABLE api_key ADD COLUMN quotas TEXT NOT NULL DEFAULT '[]'
    CHECK (json_valid(quotas) AND json_type(quotas) = 'array' AND json_array_length(quotas) <= 3);

-- As in the migration before, with the new columns in the place of the old.
CREATE TRIGGER api_key_default_not_edited BEFORE UPDATE ON api_key
WHEN (OLD.kind = 'default' OR NEW.kind = 'default') AND (
    OLD.seq IS NOT NEW.seq OR OLD.id IS NOT NEW.id OR OLD.installation_id IS NOT NEW.installation_id OR OLD.kind IS NOT NEW.kind
    OR OLD.client_name IS NOT NEW.client_name OR OLD.client_name_folded IS NOT NEW.client_name_folded
    OR OLD.environment IS NOT NEW.environment OR OLD.preset IS NOT NEW.preset OR OLD.scopes IS NOT NEW.scopes
    OR OLD.allowed_ips IS NOT NEW.allowed_ips OR OLD.allowed_origins IS NOT NEW.allowed_origins
    OR OLD.rate_limits IS NOT NEW.rate_limits OR OLD.quotas IS NOT NEW.quotas OR OLD.metadata IS NOT NEW.metadata
    OR OLD.owner_email IS NOT NEW.owner_email OR OLD.notes IS NOT NEW.notes
    OR OLD.disabled_at IS NOT NEW.disabled_at OR OLD.expires_at IS NOT NEW.expires_at
    OR OLD.deleted_at IS NOT NEW.deleted_at OR OLD.created_at IS NOT NEW.created_at)
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
