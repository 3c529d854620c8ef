-- Every pepper and every master key that was in use, each with a proof by which another one of the same id is noticed. Audit keys
-- have theirs in `audit_key`; the deployment's row goes on proving the first pepper, for releases of before.
CREATE TABLE keyring_proof (
    kind TEXT NOT NULL CHECK (kind IN ('pepper', 'master')),
    id TEXT NOT NULL,
    proof BLOB NOT NULL CHECK (length(proof) = 32),
    since INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
