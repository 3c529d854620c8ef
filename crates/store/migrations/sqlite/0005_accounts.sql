-- People can be invited, disabled, removed and given a new password, and can end a session of theirs elsewhere.

ALTER TABLE administrator ADD COLUMN disabled_at INTEGER;

-- The account is made when the invitation is accepted, so nobody signs in with an account that nobody has taken.
CREATE TABLE invitation (
    -- The id that the account will have.
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    installation_id BLOB NOT NULL REFERENCES installation (id),
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'viewer')),
    -- SHA-256 of the link's token, so that who reads the table can accept nothing.
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CONSTRAINT invitation_token_unique UNIQUE (token_hash),
    -- Of an installation, not of the deployment: one customer must not withdraw another's invitation by making its own.
    CONSTRAINT invitation_email_unique UNIQUE (installation_id, email_folded)
) STRICT;

-- The newest link by which a person can set a new password. The old password works until the link is used.
CREATE TABLE password_reset (
    administrator_id BLOB NOT NULL PRIMARY KEY REFERENCES administrator (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CONSTRAINT password_reset_token_unique UNIQUE (token_hash)
) STRICT, WITHOUT ROWID;

-- Sessions get an id, by which their person can end them: neither a token nor its hash leaves the database. SQLite can't add a
-- column that may not be NULL, so the table is made anew. Sessions that live get an id from their hash, which is random.
CREATE TABLE new_admin_session (
    -- SHA-256 of the token, so that who reads the table can sign in as nobody.
    token_hash BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    administrator_id BLOB NOT NULL REFERENCES administrator (id),
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    CONSTRAINT admin_session_id_unique UNIQUE (id)
) STRICT, WITHOUT ROWID;
INSERT INTO new_admin_session (token_hash, administrator_id, created_at, last_seen_at, id)
    SELECT token_hash, administrator_id, created_at, last_seen_at, substr(token_hash, 1, 16) FROM admin_session;
DROP TABLE admin_session;
ALTER TABLE new_admin_session RENAME TO admin_session;
CREATE INDEX admin_session_by_last_seen ON admin_session (last_seen_at);
CREATE INDEX admin_session_by_administrator ON admin_session (administrator_id, created_at);
