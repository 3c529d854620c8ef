-- By which version of `model::fold_name` a name was folded: those of before are found as before, and folded anew in the background.
-- Keydesks of before know no other, so theirs is the default.
ALTER TABLE api_key ADD COLUMN fold_version BIGINT NOT NULL DEFAULT 1 CHECK (fold_version >= 1);

-- What is to be folded anew. The Default API Key is not searched for by its row, and can't be changed.
CREATE INDEX api_key_to_fold ON api_key (id) WHERE kind = 'issued' AND fold_version < 2;
