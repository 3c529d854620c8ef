-- What has been taken from limits. None of it is truth that a person has set, so the epoch does not move with it. An owner is a key
-- ('key:' and its id), a client ('client:live:' and its folded name) or an installation ('installation').

-- Calls of a quota that nodes have leased in one of its periods. A node gives out what it has leased, and gives back what it does
-- not need, so all nodes together never exceed a quota by a call. `given` is what the last lease got, for whoever asked.
CREATE TABLE quota_use (
    installation_id UUID NOT NULL REFERENCES installation (id),
    owner TEXT NOT NULL CHECK (length(owner) BETWEEN 1 AND 2000),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 32),
    period_start BIGINT NOT NULL,
    granted BIGINT NOT NULL CHECK (granted >= 0),
    given BIGINT NOT NULL CHECK (given >= 0),
    PRIMARY KEY (installation_id, owner, name, period_start)
);
CREATE INDEX quota_use_by_period ON quota_use (period_start);

-- When a rate limit has given back all that was taken from it, in nanoseconds since 1970: so a restart does not reset it.
CREATE TABLE rate_state (
    installation_id UUID NOT NULL REFERENCES installation (id),
    owner TEXT NOT NULL CHECK (length(owner) BETWEEN 1 AND 2000),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 32),
    full_at BIGINT NOT NULL,
    PRIMARY KEY (installation_id, owner, name)
);
CREATE INDEX rate_state_by_full_at ON rate_state (full_at);

-- The nodes that run on this database. Each counts its own row up; whoever looks sees by its own clock whether one still does.
CREATE TABLE node (
    id UUID NOT NULL PRIMARY KEY,
    beats BIGINT NOT NULL
);
