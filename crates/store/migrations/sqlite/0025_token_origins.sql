-- The web origins of which derived tokens may be in use: a browser asks for its page before it sends the token, and may ask a node that
-- has not met it. No truth: it says which pages may read answers, never what a call may do. Releases of before leave it alone.
CREATE TABLE token_origin (
    origin TEXT NOT NULL PRIMARY KEY CHECK (length(origin) BETWEEN 1 AND 512),
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_origin_by_end ON token_origin (ends_at);
