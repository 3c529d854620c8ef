// The CRM's own database. The place in the stream and the wraps that wait to be sent (outbox) are in it, so a restart loses nothing.
import Database from 'libsql';

export const db = new Database(process.env.CRM_DATABASE ?? 'crm.db');
db.exec(`PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS place (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS contact (id TEXT PRIMARY KEY, name TEXT NOT NULL, phone TEXT, timezone TEXT);
  CREATE TABLE IF NOT EXISTS call (id TEXT PRIMARY KEY, seq INTEGER, name TEXT, number TEXT, contact_id TEXT, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS wrap (call_id TEXT PRIMARY KEY, code TEXT, comments TEXT, data TEXT, callback_at TEXT, late INTEGER);
  CREATE TABLE IF NOT EXISTS outbox (call_id TEXT PRIMARY KEY, wrap TEXT NOT NULL, problem TEXT);
  CREATE TABLE IF NOT EXISTS lead (id TEXT PRIMARY KEY, keydesk_id TEXT, name TEXT NOT NULL, phone TEXT NOT NULL, timezone TEXT,
    not_before TEXT, status TEXT NOT NULL DEFAULT 'new');`);
export const place = (name) => db.prepare('SELECT value FROM place WHERE name = ?').get(name)?.value;
export const setPlace = (name, value) => db.prepare('INSERT OR REPLACE INTO place VALUES (?, ?)').run(name, value);
