//! The migrations that this release knows: each a file of both folders in `migrations`.
//!
//! `sqlx::migrate!` could find the files, but its crate is built on both databases' drivers: see [`crate::row`].

use std::sync::LazyLock;

use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

macro_rules! migrations {
    ($folder:literal) => {
        migrations!($folder;
            "0001_keys"
            "0002_administrators"
            "0003_rights"
            "0004_limits"
            "0005_accounts"
            "0006_doors"
            "0007_at_rest"
            "0008_audit"
            "0009_issue_bounds"
            "0010_history"
            "0011_keyring_proof"
            "0012_purge_clock"
            "0013_fold_version"
            "0014_renewed_secrets"
            "0015_time_zone"
            "0016_search_texts"
            "0017_ceilings"
            "0018_limit_state"
            "0019_usage"
            "0020_refusals"
            "0021_webhooks"
            "0022_audit_search"
            "0023_trial"
            "0024_audit_filters"
            "0025_token_origins"
            "0026_contact_centre"
            "0027_list_order"
            "0028_handover_sender"
            "0029_second_factor"
            "0030_settings_identities_mail"
            "0031_leaks"
            "0032_imports"
            "0033_claims"
        )
    };
    ($folder:literal; $($name:literal)+) => {
        LazyLock::new(|| {
            Migrator::with_migrations(vec![
                $(migration($name, include_str!(concat!("../migrations/", $folder, "/", $name, ".sql")))),+
            ])
        })
    };
}

pub(crate) static SQLITE_MIGRATIONS: LazyLock<Migrator> = migrations!("sqlite");
pub(crate) static POSTGRES_MIGRATIONS: LazyLock<Migrator> = migrations!("postgres");

/// `0001_keys` is number 1, `keys`. Databases remember a digest of its text.
fn migration(name: &str, sql: &'static str) -> Migration {
    let (number, title) = name.split_once('_').expect("a name such as 0001_keys");
    let version = number.parse().expect("a number");
    Migration::new(version, title.replace('_', " ").into(), MigrationType::Simple, sql.into_sql_str(), false)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn every_file_is_known() {
        for (folder, known) in [("sqlite", &SQLITE_MIGRATIONS), ("postgres", &POSTGRES_MIGRATIONS)] {
            let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder)).unwrap();
            let files: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
            let known: BTreeSet<String> = known
                .iter()
                .map(|one| format!("{:04}_{}.sql", one.version, one.description.replace(' ', "_")))
                .collect();
            assert_eq!(known, files, "{folder}: name each file in `migrations!`");
        }
    }

    /// Databases of releases before have these digests: another would be refused as an altered migration.
    #[test]
    fn digests_are_those_that_databases_remember() {
        let digest = |known: &Migrator| -> String {
            let first = known.iter().next().unwrap();
            first.checksum.iter().map(|byte| format!("{byte:02x}")).collect()
        };
        assert_eq!(
            digest(&SQLITE_MIGRATIONS),
            "3e91a68d97c76a7650efe970b3fe8d5daf7fef918258e5f4f3ac9ee654447efc42f1e9c420c4ef5b29564d8f072f2168"
        );
        assert_eq!(
            digest(&POSTGRES_MIGRATIONS),
            "0eac9b41516fed69a2c0980644fee27687f685d33ba8175cb60144ab5a8f548fde22fd62cf7d6e953d3d51387ea8fcfe"
        );
        assert!(
            SQLITE_MIGRATIONS
                .iter()
                .chain(POSTGRES_MIGRATIONS.iter())
                .all(|one| !one.sql.as_str().starts_with("-- no-transaction"))
        );
    }
}
