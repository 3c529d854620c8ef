-- Restrictions that are tried before they hold. A table of its own, and not columns of the key: hardly any key has one, what protects
-- the Default API Key stays as it is, and releases of before read and write keys without knowing of it.
CREATE TABLE trial (
    -- One at a time. It goes when its key is deleted or purged, whichever release does that.
    key_id UUID NOT NULL PRIMARY KEY REFERENCES api_key (id) ON DELETE CASCADE,
    installation_id UUID NOT NULL REFERENCES installation (id),
    started_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL CHECK (ends_at > started_at),
    -- Scopes, addresses and origins, as canonical JSON.
    restriction TEXT NOT NULL CHECK (length(restriction) BETWEEN 2 AND 100000),
    -- Calls that were checked, and those of them that it would have refused. Nodes add to these beside the calls.
    checked BIGINT NOT NULL DEFAULT 0 CHECK (checked >= 0),
    refused BIGINT NOT NULL DEFAULT 0 CHECK (refused >= 0)
);
CREATE INDEX trial_by_end ON trial (ends_at);

-- What it would have refused, by reason: of each trial the first hundred kinds, and the rest together. No truth, as usage.
CREATE TABLE trial_refusal (
    key_id UUID NOT NULL REFERENCES trial (key_id) ON DELETE CASCADE,
    code TEXT COLLATE "C" NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    -- The scopes that were missing, or the origin. '*' in both columns: those for which there was no room.
    about TEXT COLLATE "C" NOT NULL CHECK (length(about) <= 512),
    -- Empty: nobody knows it.
    address TEXT COLLATE "C" NOT NULL CHECK (length(address) <= 64),
    calls BIGINT NOT NULL CHECK (calls > 0),
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (key_id, code, about, address)
);
