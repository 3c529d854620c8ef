// Makes keys with better-auth, for the test: node issue.mjs auth.db. Prints them, which only whoever made them can.
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db';
import { apiKey } from 'better-auth/plugins';
import { SqliteDialect } from 'kysely';
import Database from 'libsql';

const database = new Database(process.argv[2]);
const auth = betterAuth({
  database: { dialect: new SqliteDialect({ database }), type: 'sqlite' },
  secret: 'a secret of 32 characters or more.',
  baseURL: 'http://127.0.0.1:1',
  emailAndPassword: { enabled: true },
  telemetry: { enabled: false },
  plugins: [apiKey({ defaultPrefix: 'acme_' })],
});
await (await getMigrations(auth.options)).runMigrations();
const { user } = await auth.api.signUpEmail({ body: { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' } });
const make = async (body) => (await auth.api.createApiKey({ body: { userId: user.id, ...body } }));
const crm = await make({ name: 'Acme CRM' });
const dialer = await make({ name: 'Dialer', prefix: 'dial_', expiresIn: 60 * 60 * 24 * 30 });
const off = await make({ name: 'Switched off' });
await auth.api.updateApiKey({ body: { keyId: off.id, userId: user.id, enabled: false } });
console.log(JSON.stringify({ crm: crm.key, dialer: dialer.key, off: off.key }));
