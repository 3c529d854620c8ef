-- What becomes of a key of this installation that a signed report says has leaked. Until somebody sets it, people are told and decide.
ALTER TABLE installation ADD COLUMN leak_rule TEXT NOT NULL DEFAULT 'notify' CHECK (leak_rule IN ('notify', 'disable', 'revoke'));

-- The signed reports that were taken, by a digest of their signature: the form of reports has no time, so whoever has seen one could send it
-- again at any time. No truth: it changes no key. Releases of before leave it alone.
CREATE TABLE leak_report (
    digest BYTEA NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    at BIGINT NOT NULL
);
CREATE INDEX leak_report_by_age ON leak_report (at);
