-- Events out: what has happened is kept with the change that did it, and delivered to receivers from there.

-- A receiver of events.
CREATE TABLE webhook (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    installation_id BLOB NOT NULL REFERENCES installation (id),
    -- 'test': it gets events about test keys alone.
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    url TEXT NOT NULL CHECK (length(url) BETWEEN 1 AND 2048),
    -- Patterns of types, as canonical JSON.
    types TEXT NOT NULL,
    ordering TEXT NOT NULL CHECK (ordering IN ('subject', 'none')),
    signature TEXT NOT NULL CHECK (signature IN ('v1', 'v1a')),
    disabled_at INTEGER,
    -- The place of the last event that was looked at for it. The deliveries of those up to here are in webhook_delivery.
    seen INTEGER NOT NULL,
    -- The secret that signs, sealed like the copy of a key's secret.
    master_key_id TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed_secret BLOB NOT NULL,
    -- What deliveries are checked with, where the secret is not shared.
    public_key TEXT,
    -- The secret before, which signs beside it until then.
    former_master_key_id TEXT,
    former_wrapped_key BLOB,
    former_sealed_secret BLOB,
    former_ends_at INTEGER,
    last_delivered_at INTEGER,
    last_failed_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CHECK ((signature = 'v1a') = (public_key IS NOT NULL)),
    CHECK ((former_master_key_id IS NULL) = (former_ends_at IS NULL)
        AND (former_wrapped_key IS NULL) = (former_ends_at IS NULL)
        AND (former_sealed_secret IS NULL) = (former_ends_at IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_by_installation ON webhook (installation_id, id);

-- The outbox. Its places grow with the epoch of the change, so they are committed in their order: whoever has read up to one has
-- missed nothing. No foreign key: events outlive keys.
CREATE TABLE event (
    position INTEGER NOT NULL PRIMARY KEY,
    id BLOB NOT NULL,
    installation_id BLOB NOT NULL,
    type TEXT NOT NULL,
    -- NULL: it is about no key.
    environment TEXT CHECK (environment IN ('live', 'test')),
    -- Kind and id of what it is about, as one text.
    subject TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- The one receiver that it is for; NULL: it is for all.
    target BLOB,
    -- As it is sent, byte for byte. Never a secret.
    body TEXT NOT NULL,
    CONSTRAINT event_id_unique UNIQUE (id)
) STRICT;
CREATE INDEX event_by_installation ON event (installation_id, position);
CREATE INDEX event_by_time ON event (installation_id, at);
CREATE INDEX event_by_age ON event (at);

-- How many events each subject has had.
CREATE TABLE event_subject (
    installation_id BLOB NOT NULL,
    subject TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (installation_id, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_subject_by_age ON event_subject (at);

-- What is told once, such as that a key ends in a week, whichever node finds it out.
CREATE TABLE event_once (
    installation_id BLOB NOT NULL,
    -- What it is about.
    subject_id BLOB NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (installation_id, subject_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_once_by_age ON event_once (at);

-- Who reads all events, such as the log, and how far they have come.
CREATE TABLE event_reader (
    name TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- An event on its way to a receiver.
CREATE TABLE webhook_delivery (
    webhook_id BLOB NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'parked')),
    attempts INTEGER NOT NULL,
    -- Since when it is tried.
    since INTEGER NOT NULL,
    -- When it is tried next, if it is.
    next_at INTEGER NOT NULL,
    -- The last try: when, the status of the answer, its first bytes or why there was none, and how long it took.
    last_at INTEGER,
    last_status INTEGER,
    last_answer TEXT,
    last_duration_ms INTEGER,
    PRIMARY KEY (webhook_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_order ON webhook_delivery (webhook_id, subject, position) WHERE state = 'pending';
CREATE INDEX webhook_delivery_parked ON webhook_delivery (webhook_id, position) WHERE state = 'parked';
CREATE INDEX webhook_delivery_by_event ON webhook_delivery (position);

-- Which process delivers to a receiver. It moves `beat` on while it lives; one that has stood still for a while is taken over.
CREATE TABLE webhook_lease (
    webhook_id BLOB NOT NULL PRIMARY KEY,
    holder BLOB NOT NULL,
    beat INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_lease_by_holder ON webhook_lease (holder);

-- Keys that end soon are looked for every hour.
CREATE INDEX api_key_by_end ON api_key (expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
