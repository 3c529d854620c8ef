-- The link with which the first owner of an installation is made: one at a time, and it ends 24 hours after it was made. Its
-- token is in no column: it is derived from the master key, the row, and `random`, which makes it unlike every link before.

CREATE TABLE set_up_link (
    installation_id UUID NOT NULL PRIMARY KEY REFERENCES installation (id),
    random BYTEA NOT NULL CHECK (length(random) = 32),
    made_at BIGINT NOT NULL
);
