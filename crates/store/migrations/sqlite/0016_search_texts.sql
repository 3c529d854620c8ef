-- Keys are found by their owner's address, their notes and their metadata, by their id, and by the end of a hint.

-- As `model::SearchTexts` writes them, empty where there is nothing. Apart from the name, which lists are sorted by, and from each
-- other, since not everybody who sees a key may read its notes. What earlier releases wrote has them empty: it is folded anew in
-- the background, as names were.
ALTER TABLE api_key ADD COLUMN owner_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN notes_folded TEXT NOT NULL DEFAULT '';

DROP INDEX api_key_to_fold;
CREATE INDEX api_key_to_fold ON api_key (id) WHERE kind = 'issued' AND fold_version < 3;

-- A word of one or two letters has no trigram, so all texts are looked at, in the order of the list: with the texts in its index, no
-- row is read for it.
DROP INDEX api_key_by_name;
CREATE INDEX api_key_by_name ON api_key (installation_id, client_name_folded, id, owner_folded, notes_folded)
    WHERE kind = 'issued' AND deleted_at IS NULL;

-- Hints end with the last four characters of their secret. A key that is being rotated has two, and is found by either.
CREATE INDEX api_key_secret_by_hint ON api_key_secret (substr(hint, -4), installation_id);

-- As in the first migration, of all three texts. One index of all of them finds words of which each is in another text; whoever
-- may not read the notes has the two other columns searched.
DROP TRIGGER api_key_search_insert;
DROP TRIGGER api_key_search_update;
DROP TRIGGER api_key_search_delete;
DROP TABLE api_key_search;
CREATE VIRTUAL TABLE api_key_search USING fts5 (
    client_name_folded, owner_folded, notes_folded, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1'
);
INSERT INTO api_key_search (rowid, client_name_folded, owner_folded, notes_folded)
SELECT seq, client_name_folded, owner_folded, notes_folded FROM api_key WHERE kind = 'issued' AND deleted_at IS NULL;
CREATE TRIGGER api_key_search_insert AFTER INSERT ON api_key WHEN NEW.kind = 'issued' AND NEW.deleted_at IS NULL
BEGIN
    INSERT INTO api_key_search (rowid, client_name_folded, owner_folded, notes_folded)
    VALUES (NEW.seq, NEW.client_name_folded, NEW.owner_folded, NEW.notes_folded);
END;
CREATE TRIGGER api_key_search_update AFTER UPDATE OF client_name_folded, owner_folded, notes_folded, deleted_at ON api_key
WHEN NEW.kind = 'issued' AND (OLD.client_name_folded IS NOT NEW.client_name_folded
    OR OLD.owner_folded IS NOT NEW.owner_folded OR OLD.notes_folded IS NOT NEW.notes_folded
    OR (OLD.deleted_at IS NULL) IS NOT (NEW.deleted_at IS NULL))
BEGIN
    DELETE FROM api_key_search WHERE rowid = OLD.seq;
    INSERT INTO api_key_search (rowid, client_name_folded, owner_folded, notes_folded)
    SELECT NEW.seq, NEW.client_name_folded, NEW.owner_folded, NEW.notes_folded WHERE NEW.deleted_at IS NULL;
END;
CREATE TRIGGER api_key_search_delete AFTER DELETE ON api_key WHEN OLD.kind = 'issued' AND OLD.deleted_at IS NULL
BEGIN
    DELETE FROM api_key_search WHERE rowid = OLD.seq;
END;

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
    OR OLD.disabled_at IS NOT NEW.disabled_at OR OLD.expires_at IS NOT NEW.expires_at
    OR OLD.deleted_at IS NOT NEW.deleted_at OR OLD.created_at IS NOT NEW.created_at)
BEGIN
    SELECT RAISE(ABORT, 'default_key_protected');
END;
