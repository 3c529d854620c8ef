use model::{
    ClientName, Code, Environment, Hint, InstallationId, Instant, Key, KeyId, KeyKind, KeySettings, KeyStatus, Preset,
    Search, SecretId,
};
use store::{
    Change, LastUse, NewSecret, SealedCopy, Store, StoreError, StoredInstallation, StoredKey, UsageBatch, UsageDelta,
    testing::TestDatabase,
};
use uuid::Uuid;

/// An hour, in milliseconds.
pub(crate) const HOUR: i64 = 60 * 60 * 1000;

/// An instant, in milliseconds.
pub(crate) const fn at(ms: i64) -> Instant {
    Instant::from_millis(ms)
}

/// The installation with this number.
pub(crate) fn installation(number: u128) -> InstallationId {
    InstallationId(Uuid::from_u128(number))
}

/// The key with this number. Its secret has the same.
pub(crate) fn key_id(number: u128) -> KeyId {
    KeyId(Uuid::from_u128(number))
}

pub(crate) fn name(text: &str) -> ClientName {
    ClientName::parse(text).expect("a Client Name")
}

pub(crate) fn search_of(text: &str) -> Search {
    Search::parse(text).expect("a short text")
}

/// The digest of this number, and of no other.
pub(crate) fn digest(number: u128) -> [u8; 32] {
    let mut digest = [7; 32];
    digest[..16].copy_from_slice(&number.to_be_bytes());
    digest
}

/// An issued key, created at the instant of its number.
pub(crate) fn key(number: u128, client_name: &str) -> Key {
    let made = at(i64::try_from(number).expect("a small number"));
    Key {
        id: key_id(number),
        kind: KeyKind::Issued,
        hint: Hint(format!("ccc_live_{number:04}…0000")),
        environment: Environment::Live,
        status: KeyStatus::Active,
        settings: KeySettings {
            preset: Preset::Crm,
            scopes: Preset::Crm.scopes(),
            ..KeySettings::new(name(client_name))
        },
        imported: false,
        last_used_at: None,
        created_at: made,
        updated_at: made,
        deleted_at: None,
        version: 1,
    }
}

pub(crate) fn secret(number: u128, sealed: bool) -> NewSecret {
    NewSecret {
        id: SecretId(Uuid::from_u128(number)),
        digest: digest(number),
        hint: Hint(format!("ccc_live_{number:04}…0000")),
        pepper_id: "p1".to_owned(),
        sealed: sealed.then(|| SealedCopy {
            master_key_id: "m1".to_owned(),
            wrapped_key: vec![1, 2, 3],
            sealed_secret: vec![4, 5, 6],
        }),
    }
}

/// A use of the key with this number, and of its secret.
pub(crate) fn used(place: u128, number: u128, ms: i64) -> LastUse {
    let secret = SecretId(Uuid::from_u128(number));
    LastUse { installation: installation(place), key: key_id(number), secret, at: at(ms), address: None }
}

/// Calls with the key with this number in an hour since 1970.
pub(crate) fn calls(number: u128, hour: i64, code: Code, calls: u64) -> UsageDelta {
    UsageDelta {
        installation: installation(1),
        key: key_id(number),
        secret: SecretId(Uuid::from_u128(number)),
        client: name("Acme"),
        environment: Environment::Live,
        at: at(hour * HOUR),
        scope: None,
        code,
        calls,
    }
}

/// What is written down at once.
pub(crate) fn batch(calls: &[UsageDelta], last_uses: &[LastUse]) -> UsageBatch {
    UsageBatch { calls: calls.to_vec(), last_uses: last_uses.to_vec(), ..UsageBatch::default() }
}

/// Writes a key, and counts it.
pub(crate) async fn put(change: &mut Change, installation: InstallationId, key: Key) -> Result<(), StoreError> {
    let number = key.id.0.as_u128();
    let issued = key.kind == KeyKind::Issued;
    let stored = StoredKey::new(installation, key, change.epoch());
    change.insert_keys(&[(stored, secret(number, true))]).await?;
    if issued { change.count_keys(installation, 1).await } else { Ok(()) }
}

/// A store in which installations 1 and 2 exist, each with a default key, 1_000_001 and 1_000_002.
pub(crate) async fn two_installations(database: &TestDatabase) -> Store {
    let store = database.store().await;
    let mut change = store.change().await.unwrap();
    for number in [1, 2] {
        let (name, title) = (format!("centre-{number}"), format!("Centre {number}"));
        let new = StoredInstallation::new(installation(number), name, title, true, at(5));
        change.insert_installation(&new).await.unwrap();
        let default = Key { kind: KeyKind::Default, ..key(1_000_000 + number, "Default API Key") };
        put(&mut change, new.id, default).await.unwrap();
    }
    change.commit().await.unwrap();
    store
}

/// Writes issued keys, numbered from `first`, into installation 1.
pub(crate) async fn put_names(store: &Store, first: u128, names: &[String]) {
    let mut change = store.change().await.unwrap();
    for (number, client_name) in (first..).zip(names) {
        put(&mut change, installation(1), key(number, client_name)).await.unwrap();
    }
    change.commit().await.unwrap();
}
