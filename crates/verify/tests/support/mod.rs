//! Verifiers with many keys in memory, for tests and benches. The keys are in no database, unless a bench inserts them.

use model::{
    BODY_LEN, ClientName, Environment, InstallationId, KeyId, KeyKind, LifeCycle, NetworkSet, OriginSet, PlainSecret,
    Preset, SecretFormat, SecretId,
};
use store::{Store, StoredRecord};
use uuid::Uuid;
use verify::{Pepper, Peppers, Verifier};

/// A verifier, and the secrets that it knows.
pub(crate) struct Known {
    pub(crate) verifier: Verifier,
    pub(crate) secrets: Vec<PlainSecret>,
}

/// The installation of the keys.
pub(crate) const OURS: InstallationId = InstallationId(Uuid::from_u128(1));

/// The key with this number.
pub(crate) fn key_id(number: usize) -> KeyId {
    KeyId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 | number as u128))
}

/// The secret with this number. No two numbers below 62^5 have the same.
pub(crate) fn secret(number: usize) -> PlainSecret {
    let mut body = [7; BODY_LEN];
    let mut rest = number;
    for digit in body.iter_mut().rev().take(5) {
        *digit = u8::try_from(rest % 62).expect("below 62");
        rest /= 62;
    }
    format().write(Environment::Live, &body)
}

fn format() -> SecretFormat {
    SecretFormat::new("ccc").expect("a prefix")
}

fn peppers() -> Peppers {
    Peppers::new(vec![Pepper::new("p1", &[3; 32])]).expect("a pepper")
}

/// The stored record of the secret with this number.
pub(crate) fn stored(number: usize) -> StoredRecord {
    StoredRecord {
        digest: peppers().digest(secret(number).expose()),
        former: None,
        secret: SecretId(key_id(number).0),
        secret_expires_at: None,
        installation: OURS,
        key: key_id(number),
        kind: KeyKind::Issued,
        client_name: ClientName::parse(&format!("Client {number}")).expect("a Client Name"),
        environment: Environment::Live,
        scopes: Preset::Crm.scopes(),
        networks: NetworkSet::ANY,
        origins: OriginSet::ANY,
        rate_limits: model::RateLimits::default(),
        quotas: model::Quotas::default(),
        contact_centre: model::ContactCentreLimits::default(),
        sandbox_world: None,
        life: LifeCycle::default(),
        last_used_at: None,
        trial: None,
        epoch: 1,
    }
}

/// An empty database, which lives as long as its folder.
pub(crate) async fn store() -> (Store, tempfile::TempDir) {
    let memory = std::path::Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let dir = dir.expect("a temporary folder");
    let database = format!("sqlite:{}", dir.path().join("keydesk.db").display());
    (Store::open(&database).await.expect("a database"), dir)
}

/// A verifier that knows this many keys.
pub(crate) fn verifier(store: &Store, keys: usize) -> Known {
    let verifier = Verifier::new(
        store.clone(),
        peppers(),
        format(),
        2_000_000,
        1,
        std::sync::Arc::new(|| std::time::Duration::ZERO),
    );
    verifier.apply((0..keys).map(stored).collect::<Vec<_>>());
    Known { verifier, secrets: (0..keys).map(secret).collect() }
}
