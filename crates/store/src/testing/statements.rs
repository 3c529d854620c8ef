use crate::{
    administrator, audit, change, db, examine, group, handover, idempotency, installation, key, list, record, rotate,
    selection, update, usage,
};

macro_rules! statements {
    ($($module:ident: $($name:ident)+;)+) => {
        /// Every statement that is a constant, by its name, as both databases must understand it.
        pub const STATEMENTS: &[(&str, &str)] = &[$($((stringify!($name), $module::$name)),+),+];
    };
}

statements! {
    administrator: INSERT_ADMINISTRATOR ADMINISTRATOR_BY_EMAIL COUNT_ADMINISTRATORS INSERT_SESSION SESSION TOUCH_SESSION
        END_SESSION PURGE_SESSIONS;
    audit: AUDIT_HEAD AUDIT_AFTER AUDIT_OF_KEY ADMINISTRATOR_NAMES;
    change: RESTORE_KEY INSERT_INSTALLATION SWITCH_MODULE
        INSERT_DEPLOYMENT;
    examine: NEWEST_MIGRATION ORPHANS;
    group: MOVE_EPOCH SET_EPOCH COUNT_KEYS;
    handover: INSERT_HANDOVER HANDOVER_BY_TOKEN OPEN_HANDOVER WITHDRAW_HANDOVER HANDOVER HANDOVERS;
    idempotency: FIND_ANSWER KEEP_ANSWER;
    installation: INSTALLATIONS DEPLOYMENT KEY_COUNT;
    key: KEY_BY_ID DEFAULT_KEY SEALED_OF_KEY;
    record: RECORD_BY_DIGEST RECORDS_OF_KEY RECORDS_CHANGED RECORDS_AFTER EPOCH;
    rotate: SUPERSEDE END_OVERLAP TOUCH_ROTATED SECRETS_OF_KEY;
    selection: COUNT_NAMED UNDO_DELETE;
    update: UPDATE_KEY;
    usage: PURGE_ANSWERS PURGE_ENDED ERASE_EXPIRED PURGE_HANDOVERS PURGE_SECRETS PURGE_KEYS;
}

/// Of SQLite alone.
pub const SQLITE_STATEMENTS: &[(&str, &str)] = &[("SEARCH_HITS", list::SEARCH_HITS)];

/// Of PostgreSQL alone.
pub const POSTGRES_STATEMENTS: &[(&str, &str)] = &[("LOCK_EPOCH", usage::LOCK_EPOCH), ("ANALYZE_DUE", db::ANALYZE_DUE)];
