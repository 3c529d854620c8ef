#!/usr/bin/env node
// Makes what upgrade/ keeps of each release in releases.json: a small database of both kinds as SQL, its keyring, its keys, and a
// configuration with each setting that the release knew.
//
//   node upgrade/generate.mjs            makes what is missing
//   node upgrade/generate.mjs --check    fails where something is missing, or is not what would be made
//
// What a release left behind never changes, so what is here is never made anew: a release adds its line and its folder. Secrets, digests
// and signatures are computed here, by the formats alone and without a line of Keydesk, so that a change of a format is found.

import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const MIGRATIONS = join(here, '../crates/store/migrations');
/** 2026-11-22T20:20:00Z: everything was made then. */
const MADE = 1_795_378_800_000;
/** 2099-01-01T00:00:00Z: an end that is far. */
const FAR = 4_070_908_800_000;

const hmac = (key, ...parts) => createHmac('sha256', key).update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest();
const number = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};
const text = (value) => Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(value)]);
const maybe = (bytes) => (bytes === null ? Buffer.from([0]) : Buffer.concat([Buffer.from([1]), bytes]));
const maybeText = (value) => Buffer.concat([Buffer.from([value === null ? 0 : 1]), text(value ?? '')]);
const ident = (id) => Buffer.from(id.replaceAll('-', ''), 'hex');
const id = (kind, count) => `019aacf8-4700-7000-8000-${kind.toString(16).padStart(4, '0')}${count.toString(16).padStart(8, '0')}`;

// Of this deployment. They guard nothing.
const PEPPER = createHash('sha256').update('upgrade: pepper').digest();
const MASTER = createHash('sha256').update('upgrade: master').digest();
const AUDIT = createHash('sha256').update('upgrade: audit').digest();
const INSTALLATION = id(1, 1);

/** A value of bytes that looks random and is the same each time. */
const made = (label, length) => createHash('sha512').update(`upgrade: ${label}`).digest().subarray(0, length);

/** `ccc_live_` + 30 characters + the CRC-32 of all before them in 6. */
function secret(environment, label) {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const body = [...made(label, 30)].map((byte) => alphabet[byte % 62]).join('');
  const head = `ccc_${environment}_${body}`;
  let rest = crc32(Buffer.from(head));
  let tail = '';
  for (let digit = 0; digit < 6; digit += 1) {
    tail = alphabet[rest % 62] + tail;
    rest = Math.floor(rest / 62);
  }
  return head + tail;
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Nonce, ciphertext, tag, under AES-256-GCM. */
function sealBytes(key, label, associated, plain) {
  const nonce = made(`nonce ${label}`, 12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(associated);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** A sealed copy: a data key of the row's own, wrapped by the master key, and the secret under it. */
function seal(label, associated, plain) {
  const key = made(`data key ${label}`, 32);
  return { wrapped: sealBytes(MASTER, `wrap ${label}`, associated, key), sealed: sealBytes(key, label, associated, Buffer.from(plain)) };
}

const hint = (plain) => `${plain.slice(0, plain.length - 32)}…${plain.slice(-4)}`;

/** The keys of every fixture, and what verifying them must answer. */
function keysOf(migration) {
  const keys = [
    { name: 'Default API Key', kind: 'default', environment: 'live', preset: 'custom', scopes: ['keys:verify'], code: 'VALID' },
    { name: 'Acme CRM', environment: 'live', preset: 'crm', scopes: ['calls:read', 'contacts:read'], code: 'VALID', metadata: { crm: '4711' } },
    { name: 'Acme Test', environment: 'test', preset: 'custom', scopes: ['calls:read'], code: 'VALID' },
    { name: 'Acme Off', environment: 'live', preset: 'custom', scopes: ['calls:read'], code: 'DISABLED', disabled: true },
    { name: 'Acme Gone', environment: 'live', preset: 'custom', scopes: ['calls:read'], code: 'REVOKED', deleted: true },
    { name: 'Acme Bound', environment: 'live', preset: 'custom', scopes: ['calls:read'], code: 'IP_NOT_ALLOWED', allowed_ips: ['10.0.0.0/8'] },
  ];
  // Rotation, owners and notes came with migration 3, limits with 4.
  if (migration >= 3) keys.push({ name: 'Acme Rotated', environment: 'live', preset: 'custom', scopes: ['calls:read'], code: 'VALID', rotated: true, owner: 'ada@example.com', notes: 'ring Ada' });
  if (migration >= 4) {
    const limit = [{ name: 'default', limit: 600, window_seconds: 60, burst: 600, scopes: [] }];
    keys.push({ name: 'Acme Limited', environment: 'live', preset: 'custom', scopes: ['calls:read'], code: 'VALID', rate_limits: limit });
  }
  return keys.map((key, index) => {
    const plain = secret(key.environment, key.name);
    const secrets = [{ id: id(3, 2 * index + 1), plain, ends: null, code: key.code }];
    if (key.rotated) secrets.unshift({ id: id(3, 2 * index), plain: secret(key.environment, `${key.name} before`), ends: FAR, code: key.code });
    return { kind: 'issued', ...key, id: id(2, index), secrets };
  });
}

/** How a database writes values. */
const DIALECTS = {
  sqlite: { id: (value) => `x'${value.replaceAll('-', '')}'`, bytes: (value) => `x'${value.toString('hex')}'`, true: '1', migrated: 'TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP', blob: 'BLOB' },
  postgres: { id: (value) => `'${value}'`, bytes: (value) => `'\\x${value.toString('hex')}'`, true: 'TRUE', migrated: 'TIMESTAMPTZ NOT NULL DEFAULT now()', blob: 'BYTEA' },
};
const quoted = (value) => (value === null ? 'NULL' : typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`);

function database(kind, migration) {
  const dialect = DIALECTS[kind];
  const lines = [];
  const insert = (table, row) => {
    const fields = Object.entries(row).filter(([, value]) => value !== undefined);
    const value = (item) => (item?.id ? dialect.id(item.id) : item?.bytes ? dialect.bytes(item.bytes) : item?.raw ?? quoted(item));
    lines.push(`INSERT INTO ${table} (${fields.map(([name]) => name).join(', ')}) VALUES (${fields.map(([, item]) => value(item)).join(', ')});`);
  };
  const from = (first, value) => (migration >= first ? value : undefined);

  lines.push(
    `CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on ${dialect.migrated}, success BOOLEAN NOT NULL, checksum ${dialect.blob} NOT NULL, execution_time BIGINT NOT NULL);`,
  );
  const files = readdirSync(join(MIGRATIONS, kind)).sort().filter((name) => Number(name.slice(0, 4)) <= migration);
  for (const name of files) {
    const sql = readFileSync(join(MIGRATIONS, kind, name), 'utf8');
    lines.push(sql.trimEnd());
    insert('_sqlx_migrations', {
      version: Number(name.slice(0, 4)),
      description: name.slice(5, -4).replaceAll('_', ' '),
      success: { raw: dialect.true },
      checksum: { bytes: createHash('sha384').update(sql).digest() },
      execution_time: 1,
    });
  }
  lines.push('-- The rows.');

  const keys = keysOf(migration);
  const installation = { id: INSTALLATION };
  insert('deployment', { id: 1, key_prefix: 'ccc', keyring_proof: { bytes: hmac(PEPPER, 'keydesk/keyring-proof/1') }, created_at: MADE });
  if (migration >= 11) {
    for (const [of, proof] of [['pepper', hmac(PEPPER, 'keydesk/keyring-proof/1')], ['master', hmac(MASTER, 'keydesk/master-proof/1')]]) {
      insert('keyring_proof', { kind: of, id: of === 'pepper' ? 'p1' : 'm1', proof: { bytes: proof }, since: MADE });
    }
  }
  const counted = keys.filter((key) => key.kind === 'issued' && !key.deleted).length;
  insert('installation', { id: installation, name: 'default', title: 'Contact centre', recoverable: 1, key_count: counted, created_at: MADE });
  for (const [index, key] of keys.entries()) {
    const metadata = key.metadata ?? {};
    const noted = [key.notes ?? '', ...Object.entries(metadata).map(([name, value]) => `${name}=${value}`)].join('\n');
    insert('api_key', {
      id: { id: key.id },
      installation_id: installation,
      kind: key.kind,
      client_name: key.name,
      client_name_folded: key.name.toLowerCase(),
      hint: hint(key.secrets.at(-1).plain),
      environment: key.environment,
      preset: key.preset,
      scopes: JSON.stringify(key.scopes),
      allowed_ips: JSON.stringify(key.allowed_ips ?? []),
      metadata: JSON.stringify(metadata),
      owner_email: from(3, key.owner ?? null),
      notes: from(3, key.notes ?? null),
      rate_limits: from(4, JSON.stringify(key.rate_limits ?? [])),
      fold_version: from(13, migration >= 16 ? 3 : 2),
      owner_folded: from(16, key.owner ?? ''),
      notes_folded: from(16, key.notes || key.metadata ? noted.toLowerCase() : ''),
      disabled_at: key.disabled ? MADE : null,
      deleted_at: key.deleted ? MADE : null,
      created_at: MADE,
      updated_at: MADE,
      version: 1,
      epoch: index + 1,
    });
    for (const one of key.secrets) {
      const associated = Buffer.concat([Buffer.from('keydesk/sealed-secret/1\0'), ident(INSTALLATION), ident(key.id), ident(one.id), Buffer.from('m1')]);
      const copy = seal(one.id, associated, one.plain);
      insert('api_key_secret', {
        id: { id: one.id },
        installation_id: installation,
        key_id: { id: key.id },
        digest: { bytes: hmac(PEPPER, one.plain) },
        pepper_id: 'p1',
        master_key_id: 'm1',
        wrapped_key: { bytes: copy.wrapped },
        sealed_secret: { bytes: copy.sealed },
        created_at: MADE,
        expires_at: one.ends,
        hint: from(3, hint(one.plain)),
      });
    }
  }
  audit(insert, migration, keys);
  insert('usage_bucket', { installation_id: installation, key_id: { id: keys[1].id }, bucket_start: MADE - (MADE % 3_600_000), code: 'VALID', calls: 12 });
  if (migration >= 17) {
    const limits = [{ name: 'default', limit: 6000, window_seconds: 60, burst: 6000, scopes: [] }];
    insert('ceiling', { installation_id: installation, client_fold: 'acme crm', environment: 'live', client_name: 'Acme CRM', rate_limits: JSON.stringify(limits), quotas: '[]', version: 1, updated_at: MADE, epoch: keys.length });
  }
  if (migration >= 21) {
    const webhook = id(5, 1);
    const associated = Buffer.concat([Buffer.from('keydesk/webhook/1\0'), ident(INSTALLATION), ident(webhook), Buffer.from('m1')]);
    const copy = seal('webhook', associated, `whsec_${made('webhook', 32).toString('base64')}`);
    insert('webhook', { id: { id: webhook }, installation_id: installation, environment: 'live', url: 'https://example.com/hooks', types: '["key.*"]', ordering: 'subject', signature: 'v1', seen: 0, master_key_id: 'm1', wrapped_key: { bytes: copy.wrapped }, sealed_secret: { bytes: copy.sealed }, created_at: MADE, updated_at: MADE, version: 1 });
  }
  lines.push(`UPDATE epoch SET value = ${keys.length} WHERE id = 1;`);
  return `${lines.join('\n')}\n`;
}

/** The audit log: unsigned before migration 8, signed from then on. */
function audit(insert, migration, keys) {
  const isSigned = migration >= 8;
  const entries = [{ action: 'installation.create', key: null, detail: '{"name":"default","recoverable":true}' }];
  for (const key of keys) {
    entries.push({ action: 'key.issue', key: key.id, environment: key.environment, detail: JSON.stringify({ client_name: key.name, environment: key.environment, scopes: key.scopes }) });
  }
  const actor = '{"kind":"operator"}';
  let previous = Buffer.alloc(32);
  for (const [index, entry] of entries.entries()) {
    const seq = index + 1;
    const own = id(4, seq);
    const head = [ident(INSTALLATION), number(seq), ident(own), number(MADE), text(actor), text(entry.action), text(entry.detail), maybe(entry.key && ident(entry.key))];
    const hash = isSigned
      ? hmac(AUDIT, 'keydesk/audit/2\0', text('a1'), ...head, maybeText(entry.environment ?? null), maybe(null), maybe(null), previous)
      : createHash('sha256').update(Buffer.concat([Buffer.from('keydesk/audit/1\0'), ...head, previous])).digest();
    insert('audit_entry', {
      installation_id: { id: INSTALLATION },
      seq,
      id: { id: own },
      at: MADE,
      actor,
      action: entry.action,
      key_id: entry.key && { id: entry.key },
      detail: entry.detail,
      previous_hash: { bytes: previous },
      hash: { bytes: hash },
      environment: isSigned ? entry.environment ?? null : undefined,
      audit_key_id: isSigned ? 'a1' : undefined,
    });
    previous = hash;
  }
  if (!isSigned) return;
  insert('audit_key', { id: 'a1', proof: { bytes: hmac(AUDIT, 'keydesk/audit-key-proof/1') }, since: MADE });
  const mac = hmac(AUDIT, 'keydesk/audit-head/1\0', text('a1'), ident(INSTALLATION), number(entries.length), previous, number(MADE));
  insert('audit_head', { installation_id: { id: INSTALLATION }, entries: entries.length, hash: { bytes: previous }, at: MADE, audit_key_id: 'a1', mac: { bytes: mac } });
}

/** The keyring: audit keys came with migration 8. */
function keyring(migration) {
  const lines = ['# The keyring of this fixture. It guards nothing.', `pepper p1 ${PEPPER.toString('base64')}`, `master m1 ${MASTER.toString('base64')}`];
  if (migration >= 8) lines.push(`audit a1 ${AUDIT.toString('base64')}`);
  return `${lines.join('\n')}\n`;
}

/** What a test asks of each key. */
function expected(migration) {
  const keys = keysOf(migration).map(({ id, name, kind, secrets }) => ({ id, name, kind, secrets: secrets.map(({ plain, code }) => ({ secret: plain, code })) }));
  return `${JSON.stringify({ migration, keys }, null, 2)}\n`;
}

/** Each setting of the configuration file, by the release that brought it. */
const SETTINGS = [
  ['0.1.0', '', ['database = "sqlite:data/keydesk.db"', 'data_dir = "data"', 'installation = "default"', 'key_prefix = "ccc"', 'public_url = "https://keydesk.example.com"', 'log_format = "json"', 'log_level = "warn"', 'listen = "127.0.0.1:3000"', 'ops_listen = "127.0.0.1:9000"']],
  ['0.2.0', '', ['grpc_listen = "127.0.0.1:9001"', 'spoe_listen = "127.0.0.1:9002"', 'trusted_proxies = ["10.0.0.0/8"]']],
  ['0.7.0', '', ['limits = "redis://127.0.0.1:6379"']],
  ['0.4.0', '[authz]', ['installation = "default"', 'environment = "live"']],
  ['0.4.0', '[grpc]', ['environment = "any"']],
  ['0.4.0', '[spoe]', ['environment = "test"']],
  ['0.7.0', '[usage]', ['quarter_days = 90', 'day_months = 25', 'record = "all"']],
  ['0.7.0', '[webhooks]', ['allow_networks = ["10.20.0.0/16"]', 'allow_http = true']],
  ['0.7.0', '[events]', ['log = "off"']],
  ['0.7.0', '[otlp]', ['endpoint = "http://127.0.0.1:4318"', 'share = 0.5', 'service_name = "keydesk"', 'headers = { tenant = "acme" }']],
  ['0.8.0', '[gateway]', ['listen = "127.0.0.1:8080"', 'installation = "default"', 'environment = "any"', 'cors_origins = ["https://app.example.com"]', 'max_body = 1048576', 'max_streams = 100', 'max_streams_of_key = 10']],
  ['0.8.0', '[upstreams.live]', ['urls = ["http://127.0.0.1:8000"]', 'health = "/healthz"', 'connect_timeout = "2s"', 'head_timeout = "30s"', 'idle_timeout = "1m"', 'timeout = "5m"', 'max_connections = 100']],
  ['0.8.0', '[upstreams.reports]', ['urls = "http://127.0.0.1:8001"']],
  ['0.8.0', '[sandbox]', ['enabled = false', 'seed = 7', 'region = "AU"', 'history_days = 3', 'ephemeral = true']],
  ['0.9.0', '[docs]', ['public = true']],
  ['0.2.0', '[[scopes]]', ['name = "billing:read"', 'description = "Read bills"']],
  ['0.2.0', '[[routes]]', ['method = ["GET", "HEAD"]', 'path = "/v1/contacts/{*rest}"', 'scope = "contacts:read"']],
  ['0.4.0', '[[routes]]', ['method = "GET"', 'path = "/v1/status"', 'scope = []', 'environment = "any"']],
  ['0.5.0', '[[routes]]', ['method = "GET"', 'path = "/v1/export"', 'scope = ["contacts:read", "calls:read"]', 'aliases = "fold"']],
  ['0.8.0', '[[routes]]', ['method = "GET"', 'path = "/v1/reports"', 'scope = "reports:read"', 'environment = "live"', 'upstream = "reports"', 'cost = 10', 'retry = false', 'recording = false', 'stream = false', 'tokens = false']],
];

function configuration(version) {
  const known = SETTINGS.filter(([since]) => since.localeCompare(version, 'en', { numeric: true }) <= 0);
  return `# A configuration of Keydesk ${version}, with each setting that it knew and that names no other file.\n${known.map(([, table, lines]) => `${table ? `\n${table}\n` : ''}${lines.join('\n')}\n`).join('')}`;
}

const check = process.argv.includes('--check');
let wrong = 0;
for (const { version, migration } of JSON.parse(readFileSync(join(here, 'releases.json'), 'utf8'))) {
  const folder = join(here, version);
  const files = {
    'sqlite.sql': () => database('sqlite', migration),
    'postgres.sql': () => database('postgres', migration),
    'master.key': () => keyring(migration),
    'keys.json': () => expected(migration),
    'keydesk.toml': () => configuration(version),
  };
  for (const [name, make] of Object.entries(files)) {
    const path = join(folder, name);
    if (check) {
      if (!existsSync(path) || readFileSync(path, 'utf8') !== make()) {
        console.error(`${path} is missing, or not what would be made`);
        wrong += 1;
      }
    } else if (!existsSync(path)) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, make());
      console.log(`made ${path}`);
    }
  }
}
process.exitCode = wrong > 0 ? 1 : 0;
