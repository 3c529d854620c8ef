-- Lists are ordered by every column that they show, and names as people sort them: `É` near `E`, `Client 2` before `Client 10`.

-- Bytes, as `model::name_order` makes them of the folded name: no collation of a database, so both have one order. What earlier
-- releases wrote has none, stands first, and gets it in the background, as texts are folded anew.
ALTER TABLE api_key ADD COLUMN name_order BLOB NOT NULL DEFAULT x'';

-- What the two other orders go by, not kept in the rows: 9223372036854775807 is never, and 4611686018427387904 is where those that are
-- disabled stand, behind all that work. A column, since SQLite goes on in an index from a place (`(a, b) > (?, ?)`) by columns alone.
ALTER TABLE api_key ADD COLUMN end_order INTEGER GENERATED ALWAYS AS (COALESCE(expires_at, 9223372036854775807)) VIRTUAL;
ALTER TABLE api_key ADD COLUMN status_order INTEGER GENERATED ALWAYS AS (
    CASE WHEN disabled_at IS NULL THEN COALESCE(expires_at, 4611686018427387903) ELSE 4611686018427387904 END) VIRTUAL;

-- As before with the texts in it, so that for a word without a trigram no row is read.
DROP INDEX api_key_by_name;
CREATE INDEX api_key_by_name ON api_key (installation_id, name_order, id, client_name_folded, owner_folded, notes_folded)
    WHERE kind = 'issued' AND deleted_at IS NULL;
CREATE INDEX api_key_by_preset ON api_key (installation_id, preset, name_order, id) WHERE kind = 'issued' AND deleted_at IS NULL;
CREATE INDEX api_key_by_expiry ON api_key (installation_id, end_order, id) WHERE kind = 'issued' AND deleted_at IS NULL;
CREATE INDEX api_key_by_status ON api_key (installation_id, status_order, id) WHERE kind = 'issued' AND deleted_at IS NULL;

DROP INDEX api_key_to_fold;
CREATE INDEX api_key_to_fold ON api_key (id) WHERE kind = 'issued' AND fold_version < 4;

-- As in the migrations before, and with the new column.
DROP TRIGGER api_key_default_not_edited;
CREATE TRIGGER api_key_default_not_edited BEFORE UPDATE ON api_key
WHEN (OLD.kind = 'default' OR NEW.kind = 'default') AND (
    OLD.seq IS NOT NEW.seq OR OLD.id IS NOT NEW.id OR OLD.installation_id IS NOT NEW.installation_id OR OLD.kind IS NOT NEW.kind
    OR OLD.client_name IS NOT NEW.client_name OR OLD.client_name_folded IS NOT NEW.client_name_folded
    OR OLD.name_order IS NOT NEW.name_order OR OLD.owner_folded IS NOT NEW.owner_folded OR OLD.notes_folded IS NOT NEW.notes_folded
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
