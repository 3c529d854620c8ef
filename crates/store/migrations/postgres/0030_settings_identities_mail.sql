-- What owners set for their installation, who people are elsewhere, and letters that wait to be sent.

-- Whom the page names that says that the module is off; NULL: nobody in particular.
ALTER TABLE installation ADD COLUMN contact TEXT CHECK (contact IS NULL OR length(contact) BETWEEN 1 AND 200);
-- Within how many days of its making, or of the change of its end, a key must end; NULL: it needs no end. Ends of before stay.
ALTER TABLE installation ADD COLUMN longest_life_days BIGINT
    CHECK (longest_life_days IS NULL OR longest_life_days BETWEEN 1 AND 36500);
-- What the form of a new key begins with; NULL: nothing is chosen. Which presets there are is known to the program.
ALTER TABLE installation ADD COLUMN default_preset TEXT
    CHECK (default_preset IS NULL OR length(default_preset) BETWEEN 1 AND 64);
-- Since when sealed copies are to be erased, because secrets are shown once from then on; NULL: there are none to be erased.
ALTER TABLE installation ADD COLUMN erase_copies_since BIGINT;
-- Moves with every change of its settings, so that an older form replaces nothing.
ALTER TABLE installation ADD COLUMN settings_version BIGINT NOT NULL DEFAULT 1 CHECK (settings_version >= 1);

-- Whom an identity provider means by a subject. An account has one at each provider, and is found by it, never by an address.
CREATE TABLE administrator_identity (
    issuer TEXT NOT NULL CHECK (length(issuer) BETWEEN 1 AND 2048),
    subject TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    administrator_id UUID NOT NULL REFERENCES administrator (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject),
    CONSTRAINT administrator_identity_once UNIQUE (administrator_id, issuer)
);

-- A letter that waits to be sent, or that was given up. What it says, and to whom, is sealed: it may hold a link that sets a password.
-- When it was sent its row is gone; when it was given up nothing is left of what it says.
CREATE TABLE letter (
    id UUID NOT NULL PRIMARY KEY,
    installation_id UUID NOT NULL REFERENCES installation (id),
    kind TEXT NOT NULL CHECK (kind IN ('invitation', 'reset', 'ending')),
    -- Whom or what it is about: a person who was invited, an administrator, a key. No foreign key: it may be gone first.
    about UUID NOT NULL,
    master_key_id TEXT,
    wrapped_key BYTEA,
    sealed_letter BYTEA,
    created_at BIGINT NOT NULL,
    -- From when on nobody needs it any more.
    expires_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- When it is tried next. Whoever tries it moves this on first, and so is the only one.
    next_at BIGINT NOT NULL,
    given_up_at BIGINT,
    last_error TEXT CHECK (last_error IS NULL OR length(last_error) <= 500),
    CHECK ((master_key_id IS NULL) = (given_up_at IS NOT NULL)
        AND (wrapped_key IS NULL) = (master_key_id IS NULL) AND (sealed_letter IS NULL) = (master_key_id IS NULL))
);
CREATE INDEX letter_due ON letter (next_at) WHERE given_up_at IS NULL;
CREATE INDEX letter_about ON letter (about);
