-- People can be invited, disabled, removed and given a new password, and can end a session of theirs elsewhere.

ALTER TABLE administrator ADD COLUMN disabled_at BIGINT;

-- The account is made when the invitation is accepted, so nobody signs in with an account that nobody has taken.
CREATE TABLE invitation (
    -- The id that the account will have.
    id UUID NOT NULL PRIMARY KEY,
    installation_id UUID NOT NULL REFERENCES installation (id),
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'viewer')),
    -- SHA-256 of the link's token, so that who reads the table can accept nothing.
    token_hash BYTEA NOT NULL CHECK (length(token_hash) = 32),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT invitation_token_unique UNIQUE (token_hash),
    -- Of an installation, not of the deployment: one customer must not withdraw another's invitation by making its own.
    CONSTRAINT invitation_email_unique UNIQUE (installation_id, email_folded)
);

-- The newest link by which a person can set a new password. The old password works until the link is used.
CREATE TABLE password_reset (
    administrator_id UUID NOT NULL PRIMARY KEY REFERENCES administrator (id) ON DELETE CASCADE,
    token_hash BYTEA NOT NULL CHECK (length(token_hash) = 32),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT password_reset_token_unique UNIQUE (token_hash)
);

-- Sessions get an id, by which their person can end them: neither a token nor its hash leaves the database. Sessions that live
-- get an id from their hash, which is random.
ALTER TABLE admin_session ADD COLUMN id UUID;
UPDATE admin_session SET id = encode(substring(token_hash FROM 1 FOR 16), 'hex')::uuid;
ALTER TABLE admin_session ALTER COLUMN id SET NOT NULL;
ALTER TABLE admin_session ADD CONSTRAINT admin_session_id_unique UNIQUE (id);
CREATE INDEX admin_session_by_administrator ON admin_session (administrator_id, created_at);
