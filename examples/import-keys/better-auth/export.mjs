// Prints the API keys of better-auth as rows for `keydesk import`: node export.mjs auth.db [SCOPE...] > keys.ndjson
import Database from 'libsql';

const [file, ...scopes] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node export.mjs FILE [SCOPE...]');
  process.exit(2);
}
const database = new Database(file, { readonly: true });
const keys = database.prepare('SELECT name, start, prefix, key, enabled, expiresAt FROM apikey ORDER BY createdAt').all();
for (const { name, start, prefix, key, enabled, expiresAt } of keys) {
  const row = {
    client_name: name ?? start ?? 'Unnamed',
    // The plugin keeps SHA-256 of the whole key, with its prefix, in base64url.
    hash: key,
    enabled: Boolean(enabled),
  };
  if (prefix || start) row.prefix = start ?? prefix;
  if (expiresAt) row.expires_at = new Date(expiresAt).toISOString();
  if (scopes.length > 0) row.scopes = scopes;
  console.log(JSON.stringify(row));
}
