-- Keys are found by their owner's address, their notes and their metadata, by their id, and by the end of a hint.

-- As `model::SearchTexts` writes them, empty where there is nothing. Apart from the name, which lists are sorted by, and from each
-- other, since not everybody who sees a key may read its notes. What earlier releases wrote has them empty: it is folded anew in
-- the background, as names were.
ALTER TABLE api_key ADD COLUMN owner_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN notes_folded TEXT NOT NULL DEFAULT '';

DROP INDEX api_key_to_fold;
CREATE INDEX api_key_to_fold ON api_key (id) WHERE kind = 'issued' AND fold_version < 3;

-- Hints end with the last four characters of their secret. A key that is being rotated has two, and is found by either.
CREATE INDEX api_key_secret_by_hint ON api_key_secret (right(hint, 4), installation_id);

-- As in the first migration, of the texts together: a word is in any of them. For whoever may not read the notes it finds too much,
-- and the two other texts are compared besides. No word holds the line's end between the texts.
DROP INDEX api_key_search;
CREATE INDEX api_key_search ON api_key
    USING gin ((client_name_folded || chr(10) || owner_folded || chr(10) || notes_folded) gin_trgm_ops)
    WHERE kind = 'issued' AND deleted_at IS NULL;

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
        OLD.quotas, OLD.metadata, OLD.owner_email, OLD.notes, OLD.issue_bounds, OLD.disabled_at, OLD.expires_at,
        OLD.deleted_at, OLD.created_at
    ) IS DISTINCT FROM (
        NEW.seq, NEW.id, NEW.installation_id, NEW.kind, NEW.client_name, NEW.client_name_folded, NEW.owner_folded,
        NEW.notes_folded, NEW.environment, NEW.preset, NEW.scopes, NEW.allowed_ips, NEW.allowed_origins, NEW.rate_limits,
        NEW.quotas, NEW.metadata, NEW.owner_email, NEW.notes, NEW.issue_bounds, NEW.disabled_at, NEW.expires_at,
        NEW.deleted_at, NEW.created_at
    ) THEN
        RAISE EXCEPTION 'default_key_protected';
    END IF;
    RETURN NEW;
END $$;
