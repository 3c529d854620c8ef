-- What `keydesk apply` has made, or has taken over: which file holds it, and under which name. What is not here was made by hand, and
-- no file touches it. Releases of before leave it alone.
CREATE TABLE claim (
    installation_id UUID NOT NULL REFERENCES installation (id),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('key', 'webhook', 'limits', 'setting', 'routes')),
    -- The id of a key or a webhook; whose limits; which setting. No foreign key: what was deleted by hand is told at the next plan.
    object TEXT COLLATE "C" NOT NULL CHECK (object <> ''),
    -- The name of the file, and the name that it gives.
    file TEXT COLLATE "C" NOT NULL CHECK (length(file) BETWEEN 1 AND 64),
    name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    -- The settings that the file says, as a list in JSON. One that it no longer says goes back to what is usual.
    settings TEXT NOT NULL CHECK (jsonb_typeof(settings::jsonb) = 'array'),
    -- The version of the object as the file left it: one of another version was changed since.
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (installation_id, kind, object),
    CONSTRAINT claim_name_unique UNIQUE (installation_id, file, kind, name)
);
