-- People who sign in to the Workspace, and their sessions.

CREATE TABLE administrator (
    id UUID NOT NULL PRIMARY KEY,
    installation_id UUID NOT NULL REFERENCES installation (id),
    email TEXT NOT NULL,
    -- One address, one account in the whole deployment: the sign-in page asks for no installation.
    email_folded TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'viewer')),
    -- Argon2id, in the PHC string format.
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT administrator_email_unique UNIQUE (email_folded)
);
CREATE INDEX administrator_by_installation ON administrator (installation_id);

CREATE TABLE admin_session (
    -- SHA-256 of the token, so that who reads the table can sign in as nobody.
    token_hash BYTEA NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    administrator_id UUID NOT NULL REFERENCES administrator (id),
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);
CREATE INDEX admin_session_by_last_seen ON admin_session (last_seen_at);
