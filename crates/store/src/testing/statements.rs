use crate::{
    administrator, api_key, api_key_secret, audit_log, backup, deployment, examine, group, handover, idempotency,
    installation, record, restored, store, usage,
};

macro_rules! statements {
    ($($module:ident: $($name:ident)+;)+) => {
        /// Every statement that is a constant, by its name, as both databases must understand it.
        pub const STATEMENTS: &[(&str, &str)] = &[$($((stringify!($name), $module::$name)),+),+];
    };
}

statements! {
    administrator: INSERT_ADMINISTRATOR ADMINISTRATOR_BY_EMAIL COUNT_ADMINISTRATORS ADMINISTRATOR_NAMES INSERT_SESSION SESSION
        TOUCH_SESSION END_SESSION END_ALL_SESSIONS PURGE_SESSIONS;
    api_key: KEY_BY_ID DEFAULT_KEY COUNT_NAMED TOUCH_ROTATED RESTORE_KEY UNDO_DELETE PURGE_KEYS;
    api_key_secret: SEALED_OF_KEY SUPERSEDE SUCCEED END_OVERLAP SECRETS_OF_KEY PURGE_ENDED PURGE_SECRETS;
    audit_log: AUDIT_HEAD AUDIT_AFTER AUDIT_OF_KEY AUDIT_LAST AUDIT_ID;
    backup: LOST_ENTRIES;
    deployment: DEPLOYMENT INSERT_DEPLOYMENT;
    examine: NEWEST_MIGRATION ORPHANS;
    group: COUNT_KEYS MOVE_EPOCH SET_EPOCH;
    handover: INSERT_HANDOVER HANDOVER_BY_TOKEN OPEN_HANDOVER WITHDRAW_HANDOVER WITHDRAW_ALL HANDOVER HANDOVERS
        ERASE_EXPIRED PURGE_HANDOVERS;
    idempotency: FIND_ANSWER KEEP_ANSWER DROP_ANSWERS PURGE_ANSWERS;
    installation: INSTALLATIONS KEY_COUNT INSERT_INSTALLATION SWITCH_MODULE;
    record: RECORD_BY_DIGEST RECORDS_OF_KEY RECORDS_CHANGED RECORDS_AFTER EPOCH;
    restored: RAISE_EPOCH;
}

/// Of SQLite alone.
pub const SQLITE_STATEMENTS: &[(&str, &str)] =
    &[("SEARCH_HITS", api_key::SEARCH_HITS), ("IS_KEYDESK", backup::IS_KEYDESK)];

/// Of PostgreSQL alone.
pub const POSTGRES_STATEMENTS: &[(&str, &str)] =
    &[("LOCK_EPOCH", usage::LOCK_EPOCH), ("ANALYZE_DUE", store::ANALYZE_DUE), ("AT_WORK", restored::AT_WORK)];
