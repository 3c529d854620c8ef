-- A second factor beside the password; when people last proved who they are; and what they choose for their own account.

-- When whoever has the session last proved who they are: as they signed in, or since. What can do most harm asks for it anew.
-- Releases of before write 0, which is never.
ALTER TABLE admin_session ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0;
UPDATE admin_session SET proved_at = created_at;

-- Who must have a second factor. Releases of before ask nobody for one.
ALTER TABLE installation ADD COLUMN required_second_factor TEXT NOT NULL DEFAULT 'none'
    CHECK (required_second_factor IN ('none', 'owners', 'everyone'));

-- By whose clocks they read days and times; NULL: by their browser's. Whether there is such a zone is known to the program.
ALTER TABLE administrator ADD COLUMN time_zone TEXT
    CHECK (length(time_zone) BETWEEN 1 AND 64 AND time_zone NOT GLOB '*[^A-Za-z0-9_+/-]*');

-- An authenticator app that makes codes (RFC 6238). Its secret is needed to check a code, so it is sealed and not hashed.
CREATE TABLE totp (
    administrator_id BLOB NOT NULL PRIMARY KEY REFERENCES administrator (id) ON DELETE CASCADE,
    master_key_id TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed_secret BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    -- The time step of the last code that was accepted: codes of that step and of those before are used, on every node.
    last_step INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Codes for whoever has lost the rest. One that was used is gone.
CREATE TABLE recovery_code (
    administrator_id BLOB NOT NULL REFERENCES administrator (id) ON DELETE CASCADE,
    -- SHA-256 of 80 random bits with their owner's id.
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
    PRIMARY KEY (administrator_id, code_hash)
) STRICT, WITHOUT ROWID;

-- A passkey: the public half of a key pair that an authenticator keeps.
CREATE TABLE passkey (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    administrator_id BLOB NOT NULL REFERENCES administrator (id) ON DELETE CASCADE,
    credential_id BLOB NOT NULL CHECK (length(credential_id) BETWEEN 1 AND 1023),
    -- As the authenticator gave it, in COSE's form.
    public_key BLOB NOT NULL CHECK (length(public_key) BETWEEN 1 AND 1024),
    -- As its authenticator counts; 0: it does not.
    sign_count INTEGER NOT NULL CHECK (sign_count BETWEEN 0 AND 4294967295),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    CONSTRAINT passkey_credential_unique UNIQUE (credential_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX passkey_by_administrator ON passkey (administrator_id, created_at);

-- How often a person's code was wrong one after the other. No truth, but counted by all nodes together: a code has six digits.
CREATE TABLE code_guess (
    administrator_id BLOB NOT NULL PRIMARY KEY REFERENCES administrator (id) ON DELETE CASCADE,
    failures INTEGER NOT NULL,
    failed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Challenges that a passkey has answered: each is good for one answer, on whichever node. A challenge itself is written nowhere.
CREATE TABLE spent_challenge (
    challenge_hash BLOB NOT NULL PRIMARY KEY CHECK (length(challenge_hash) = 32),
    spent_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_challenge_by_time ON spent_challenge (spent_at);

-- Names that people gave themselves later, beside the audit log like the first: rows are added, and removed when a person is
-- forgotten, so that the name of each time can be proved.
CREATE TABLE audit_rename (
    person_id BLOB NOT NULL CHECK (length(person_id) = 16),
    -- The epoch of the change: the highest is the name of now.
    epoch INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (person_id, epoch)
) STRICT, WITHOUT ROWID;
