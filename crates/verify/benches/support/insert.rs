//! The keys of `tests/support`, in a database.

use model::{ClientName, Environment, Instant, Key, KeyKind, KeySettings, KeyStatus, Preset};
use store::{NewSecret, SealedCopy, Store, StoredInstallation, StoredKey};

use crate::support::{OURS, key_id, secret, stored};

const MADE: Instant = Instant::from_millis(1_795_000_000_000);

/// Writes this many keys into the database.
pub(crate) async fn insert(store: &Store, keys: usize) {
    let installation = StoredInstallation::new(OURS, "default".to_owned(), "Ours".to_owned(), true, MADE);
    let mut change = store.change().await.expect("a database");
    change.insert_installation(&installation).await.expect("an installation");
    let rows: Vec<_> = (0..keys).map(|number| (StoredKey::new(OURS, key(number), 1), new_secret(number))).collect();
    change.insert_keys(&rows).await.expect("keys");
    change.commit().await.expect("a commit");
}

fn key(number: usize) -> Key {
    Key {
        id: key_id(number),
        kind: KeyKind::Issued,
        hint: secret(number).hint(),
        environment: Environment::Live,
        status: KeyStatus::Active,
        settings: KeySettings {
            preset: Preset::Crm,
            scopes: Preset::Crm.scopes(),
            ..KeySettings::new(ClientName::parse(&format!("Client {number}")).expect("a Client Name"))
        },
        imported: false,
        last_used_at: None,
        created_at: MADE,
        updated_at: MADE,
        deleted_at: None,
        version: 1,
    }
}

fn new_secret(number: usize) -> NewSecret {
    let stored = stored(number);
    NewSecret {
        id: stored.secret,
        digest: stored.digest,
        hint: secret(number).hint(),
        pepper_id: "p1".to_owned(),
        // As long as real ones.
        sealed: Some(SealedCopy {
            master_key_id: "m1".to_owned(),
            wrapped_key: vec![1; 60],
            sealed_secret: vec![2; 73],
        }),
    }
}
