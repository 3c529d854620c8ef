-- Refused calls with known keys, so that whoever was refused can ask why, wherever that happened: for 24 hours, the newest
-- 100,000, and of each key the newest 1,000. They are no truth: nodes write them beside the calls, and one that is lost is a
-- question without an answer. No foreign keys, since they outlive keys, and since nothing may hold up a call.
CREATE TABLE refusal (
    -- Its first bytes are the time, so rows are written at the end of the table.
    request_id UUID NOT NULL,
    -- Several calls can come in one request.
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    installation_id UUID NOT NULL,
    key_id UUID NOT NULL,
    secret_id UUID NOT NULL,
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    -- Which codes there are is known to the program: a later release may write others.
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    method TEXT NOT NULL CHECK (length(method) <= 32),
    path TEXT NOT NULL CHECK (length(path) <= 512),
    address TEXT CHECK (length(address) <= 64),
    origin TEXT CHECK (length(origin) <= 512),
    missing_scopes TEXT NOT NULL DEFAULT '[]',
    ended_at BIGINT,
    refused_by TEXT CHECK (length(refused_by) <= 200),
    retry_after_seconds BIGINT CHECK (retry_after_seconds >= 0),
    PRIMARY KEY (request_id, number)
);
CREATE INDEX refusal_by_time ON refusal (installation_id, at, request_id, number);
CREATE INDEX refusal_by_key ON refusal (key_id, at, request_id, number);
CREATE INDEX refusal_by_address ON refusal (address, at, request_id, number) WHERE address IS NOT NULL;
CREATE INDEX refusal_oldest ON refusal (at);

-- Addresses that sent many keys which don't exist. The same: no truth, and bounded by what each node tells.
CREATE TABLE guessing (
    -- The address, or the /64 network of an IPv6 address.
    network TEXT NOT NULL CHECK (length(network) BETWEEN 1 AND 64),
    -- The installation that was asked about; all zeros: whichever the keys would have belonged to.
    installation_id UUID NOT NULL,
    since BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    failed BIGINT NOT NULL CHECK (failed > 0),
    PRIMARY KEY (network, installation_id)
);
CREATE INDEX guessing_by_time ON guessing (last_at);
