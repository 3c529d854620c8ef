-- The page over the audit log: the newest entries first, by whom, what, about which key and when. Each index begins with what
-- its filter fixes and goes on in the order of the page, so that a page is read from its end however long the log is. The
-- environment stands behind: for a test key entries about live keys don't exist, and are passed over without being read.
DROP INDEX audit_entry_by_key;
CREATE INDEX audit_entry_by_key ON audit_entry (key_id, at, seq) WHERE key_id IS NOT NULL;
CREATE INDEX audit_entry_by_time ON audit_entry (installation_id, at, seq, environment);
CREATE INDEX audit_entry_by_action ON audit_entry (installation_id, action, at, seq, environment);
CREATE INDEX audit_entry_by_actor ON audit_entry (installation_id, actor, at, seq, environment);
CREATE INDEX audit_entry_by_actor_and_action ON audit_entry (installation_id, actor, action, at, seq, environment);
