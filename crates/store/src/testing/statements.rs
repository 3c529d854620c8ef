use crate::{
    admin_session, administrator, api_key, api_key_secret, audit_end, audit_head, audit_log, audit_person, backup,
    deployment, examine, founded, group, handover, hints, history, idempotency, installation, invitation,
    keyring_proof, migrations, names, password_reset, people, postgres, purge_clock, record, restored, set_up_link,
    statistics, store, triggers, usage_keys, usage_read, usage_roll, whose, work,
};

macro_rules! statements {
    ($($module:ident: $($name:ident)+;)+) => {
        /// Every statement that is a constant, by its name, as both databases must understand it.
        pub const STATEMENTS: &[(&str, &str)] = &[$($((stringify!($name), $module::$name)),+),+];
    };
}

statements! {
    admin_session: INSERT_SESSION SESSION SESSION_OF SESSIONS_OF TOUCH_SESSION END_SESSION END_SESSION_OF END_SESSIONS END_ALL_SESSIONS END_OVER END_OLDEST
        PURGE_SESSIONS;
    administrator: INSERT_ADMINISTRATOR ADMINISTRATOR_BY_EMAIL ADMINISTRATOR COUNT_ADMINISTRATORS COUNT_OTHER_OWNERS
        SET_ROLE SET_DISABLED SET_PASSWORD DELETE_ADMINISTRATOR;
    api_key: KEY_BY_ID DEFAULT_KEY COUNT_NAMED TOUCH_ROTATED RESTORE_KEY UNDO_DELETE UNDO_DISABLE UNDO_ENABLE PURGE_KEYS TO_FOLD;
    api_key_secret: SEALED_OF_KEY SUPERSEDE SUCCEED END_OVERLAP SECRETS_OF_KEY PURGE_ENDED PURGE_SECRETS;
    audit_end: SET_AUDIT_HEAD;
    audit_head: AUDIT_HEAD AUDIT_END AUDIT_KEYS INSERT_AUDIT_KEY;
    audit_log: AUDIT_AFTER AUDIT_OF_KEY AUDIT_AT AUDIT_LAST AUDIT_ID;
    audit_person: INSERT_PERSON AUDIT_PEOPLE PERSON_NAMES PEOPLE_BY_EMAIL FORGET_PERSON FORGET_OWNER FORGET_VIA REDACT_ENTRY;
    backup: LOST_ENTRIES INSTALLATION_NAMES;
    deployment: DEPLOYMENT INSERT_DEPLOYMENT;
    examine: NEWEST_MIGRATION ORPHANS;
    founded: FOUNDED;
    group: COUNT_KEYS MOVE_EPOCH SET_EPOCH;
    handover: INSERT_HANDOVER HANDOVER_BY_TOKEN OPEN_HANDOVER WITHDRAW_HANDOVER WITHDRAW_ALL HANDOVER HANDOVERS
        ERASE_EXPIRED PURGE_HANDOVERS;
    idempotency: FIND_ANSWER KEEP_ANSWER DROP_ANSWERS PURGE_ANSWERS;
    migrations: APPLIED;
    installation: INSTALLATIONS RECOUNT_KEYS KEY_COUNT INSERT_INSTALLATION SET_INSTALLATION SWITCH_MODULE;
    invitation: INSERT_INVITATION INVITATION_BY_TOKEN ACCEPT_INVITATION WITHDRAW_INVITATION INVITATIONS PURGE_INVITATIONS;
    purge_clock: PURGE_CLOCK MOVE_PURGE_CLOCK;
    keyring_proof: KEYRING_PROOFS KNOWN_KEYS INSERT_KEYRING_PROOF RETIRE_KEYRING_KEY SEALED_UNDER_MASTER SEALED_UNDER_PEPPER
        RESTS_ON_MASTER RESTS_ON_PEPPER KEYRING_USES KEYS_ON_MASTER KEYS_ON_PEPPER;
    people: PEOPLE;
    password_reset: PUT_RESET RESET_BY_TOKEN WITHDRAW_RESET PURGE_RESETS;
    record: RECORD_BY_DIGEST RECORDS_OF_KEY RECORDS_CHANGED RECORDS_AFTER EPOCH;
    restored: RAISE_EPOCH DROP_INVITATIONS DROP_RESETS;
    work: WRITE_NOTHING;
    usage_keys: KEYS_WITH_HOURS KEYS_WITH_ROWS;
    usage_read: ADDRESSES_OF_KEY LAST_USE_OF_KEY LAST_ADDRESSES;
    usage_roll: OLDEST_TOTAL CLIENTS_OF_DAY;
    set_up_link: SET_UP_LINKS SET_UP_LINK PUT_SET_UP_LINK END_SET_UP_LINKS;
}

/// Of SQLite alone.
pub const SQLITE_STATEMENTS: &[(&str, &str)] = &[
    ("SEARCH_HITS", api_key::SEARCH_HITS),
    ("HISTORY_SQLITE", history::HISTORY_SQLITE),
    ("MOVE_EPOCH_SQLITE", group::MOVE_EPOCH_SQLITE),
    ("SET_EPOCH_SQLITE", group::SET_EPOCH_SQLITE),
    ("IS_KEYDESK", backup::IS_KEYDESK),
    ("IS_SIGNED", backup::IS_SIGNED),
    ("TRIGGERS_SQLITE", triggers::TRIGGERS_SQLITE),
    ("STATISTICS", statistics::STATISTICS),
    ("TABLES_SQLITE", whose::TABLES_SQLITE),
    ("MIGRATED_SQLITE", migrations::MIGRATED_SQLITE),
    ("OPEN_LOG", store::OPEN_LOG),
];

/// Of PostgreSQL alone.
pub const POSTGRES_STATEMENTS: &[(&str, &str)] = &[
    ("LOCK_EPOCH", work::LOCK_EPOCH),
    ("HISTORY", history::HISTORY),
    ("TRY_HINT", hints::TRY_HINT),
    ("CLOCK", purge_clock::CLOCK),
    ("BACKEND", postgres::BACKEND),
    ("ENCODING", postgres::ENCODING),
    ("NAMES_TAKEN", names::NAMES_TAKEN),
    ("ANALYZE_DUE", store::ANALYZE_DUE),
    ("MIGRATED_POSTGRES", migrations::MIGRATED_POSTGRES),
    ("AT_WORK", restored::AT_WORK),
    ("OWNS_TABLES", examine::OWNS_TABLES),
    ("TRIGGERS_POSTGRES", triggers::TRIGGERS_POSTGRES),
];
