-- Events out: what has happened is kept with the change that did it, and delivered to receivers from there.

-- A receiver of events.
CREATE TABLE webhook (
    id UUID NOT NULL PRIMARY KEY,
    installation_id UUID NOT NULL REFERENCES installation (id),
    -- 'test': it gets events about test keys alone.
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    url TEXT NOT NULL CHECK (length(url) BETWEEN 1 AND 2048),
    -- Patterns of types, as canonical JSON.
    types TEXT NOT NULL,
    ordering TEXT NOT NULL CHECK (ordering IN ('subject', 'none')),
    signature TEXT NOT NULL CHECK (signature IN ('v1', 'v1a')),
    disabled_at BIGINT,
    -- The place of the last event that was looked at for it. The deliveries of those up to here are in webhook_delivery.
    seen BIGINT NOT NULL,
    -- The secret that signs, sealed like the copy of a key's secret.
    master_key_id TEXT NOT NULL,
    wrapped_key BYTEA NOT NULL,
    sealed_secret BYTEA NOT NULL,
    -- What deliveries are checked with, where the secret is not shared.
    public_key TEXT,
    -- The secret before, which signs beside it until then.
    former_master_key_id TEXT,
    former_wrapped_key BYTEA,
    former_sealed_secret BYTEA,
    former_ends_at BIGINT,
    last_delivered_at BIGINT,
    last_failed_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CHECK ((signature = 'v1a') = (public_key IS NOT NULL)),
    CHECK ((former_master_key_id IS NULL) = (former_ends_at IS NULL)
        AND (former_wrapped_key IS NULL) = (former_ends_at IS NULL)
        AND (former_sealed_secret IS NULL) = (former_ends_at IS NULL))
);
CREATE INDEX webhook_by_installation ON webhook (installation_id, id);

-- The outbox. Its places grow with the epoch of the change, so they are committed in their order: whoever has read up to one has
-- missed nothing. No foreign key: events outlive keys.
CREATE TABLE event (
    position BIGINT NOT NULL PRIMARY KEY,
    id UUID NOT NULL,
    installation_id UUID NOT NULL,
    type TEXT NOT NULL,
    -- NULL: it is about no key.
    environment TEXT CHECK (environment IN ('live', 'test')),
    -- Kind and id of what it is about, as one text.
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- The one receiver that it is for; NULL: it is for all.
    target UUID,
    -- As it is sent, byte for byte. Never a secret.
    body TEXT NOT NULL,
    CONSTRAINT event_id_unique UNIQUE (id)
);
CREATE INDEX event_by_installation ON event (installation_id, position);
CREATE INDEX event_by_time ON event (installation_id, at);
CREATE INDEX event_by_age ON event (at);

-- How many events each subject has had.
CREATE TABLE event_subject (
    installation_id UUID NOT NULL,
    subject TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (installation_id, subject)
);
CREATE INDEX event_subject_by_age ON event_subject (at);

-- What is told once, such as that a key ends in a week, whichever node finds it out.
CREATE TABLE event_once (
    installation_id UUID NOT NULL,
    -- What it is about.
    subject_id UUID NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (installation_id, subject_id, name)
);
CREATE INDEX event_once_by_age ON event_once (at);

-- Who reads all events, such as the log, and how far they have come.
CREATE TABLE event_reader (
    name TEXT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
);

-- An event on its way to a receiver.
CREATE TABLE webhook_delivery (
    webhook_id UUID NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    event_id UUID NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'parked')),
    attempts BIGINT NOT NULL,
    -- Since when it is tried.
    since BIGINT NOT NULL,
    -- When it is tried next, if it is.
    next_at BIGINT NOT NULL,
    -- The last try: when, the status of the answer, its first bytes or why there was none, and how long it took.
    last_at BIGINT,
    last_status BIGINT,
    last_answer TEXT,
    last_duration_ms BIGINT,
    PRIMARY KEY (webhook_id, position)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_order ON webhook_delivery (webhook_id, subject, position) WHERE state = 'pending';
CREATE INDEX webhook_delivery_parked ON webhook_delivery (webhook_id, position) WHERE state = 'parked';
CREATE INDEX webhook_delivery_by_event ON webhook_delivery (position);

-- Which process delivers to a receiver. It moves `beat` on while it lives; one that has stood still for a while is taken over.
CREATE TABLE webhook_lease (
    webhook_id UUID NOT NULL PRIMARY KEY,
    holder UUID NOT NULL,
    beat BIGINT NOT NULL
);
CREATE INDEX webhook_lease_by_holder ON webhook_lease (holder);

-- Keys that end soon are looked for every hour.
CREATE INDEX api_key_by_end ON api_key (expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
