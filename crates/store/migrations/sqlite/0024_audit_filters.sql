-- Filters of the audit log that few entries match. Those about one key by a person or an action are found in the index alone,
-- without reading the key's other entries; and a test key, for which entries about live keys don't exist, goes along an index that
-- has none of them.
DROP INDEX audit_entry_by_key;
CREATE INDEX audit_entry_by_key ON audit_entry (key_id, installation_id, at, seq, action, actor, environment) WHERE key_id IS NOT NULL;
CREATE INDEX audit_entry_of_test ON audit_entry (installation_id, at, seq, action, actor) WHERE environment = 'test';
