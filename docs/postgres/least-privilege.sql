-- What `keydesk serve` needs in PostgreSQL, and nothing more. Two roles: keydesk_owner owns the tables and changes them with
-- `keydesk migrate`; keydesk_server reads and writes rows. Whoever takes over the server can then neither rewrite the audit
-- log, nor take away the triggers that protect it and the Default API Key.
--
-- Once, as a superuser, with passwords of your own:
--
--     CREATE ROLE keydesk_owner LOGIN PASSWORD '...';
--     CREATE ROLE keydesk_server LOGIN PASSWORD '...';
--     CREATE DATABASE keydesk OWNER keydesk_owner;
--
-- Then `keydesk migrate` with the address of keydesk_owner, and then this file in that database, as the superuser or, from
-- PostgreSQL 15 on, as keydesk_owner. It may be run again at any time. Tables of later releases are covered by the default
-- privileges; run it again when the changelog says that a table is to be kept closer.

-- Nobody but the two, and nobody else's tables.
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO keydesk_owner, keydesk_server', current_database());
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO keydesk_owner;
GRANT USAGE ON SCHEMA public TO keydesk_server;

-- Rows, of the tables that are there and of those that later releases bring. No TRUNCATE, REFERENCES or TRIGGER.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, keydesk_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO keydesk_server;
ALTER DEFAULT PRIVILEGES FOR ROLE keydesk_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO keydesk_server;

-- What is written once. To forget a person in the audit log (`keydesk forget`) is the owner's.
REVOKE UPDATE, DELETE ON audit_entry, audit_key, audit_person, audit_rename FROM keydesk_server;
REVOKE UPDATE, DELETE ON deployment FROM keydesk_server;
-- One row, which only moves.
REVOKE INSERT, DELETE ON epoch FROM keydesk_server;
-- What is never deleted.
REVOKE DELETE ON installation, audit_head FROM keydesk_server;
-- What was migrated is asked at the start, and changed by the owner alone.
REVOKE INSERT, UPDATE, DELETE ON _sqlx_migrations FROM keydesk_server;
